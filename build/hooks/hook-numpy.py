# In place of PyInstaller's own, which also gathers NumPy's test and build tools. The compiled parts
# import these from C, where no analysis sees it.
from PyInstaller.utils.hooks import collect_dynamic_libs

binaries = collect_dynamic_libs("numpy")
hiddenimports = [
    "numpy._core._dtype_ctypes",
    "numpy._core._multiarray_tests",
    "numpy._core._exceptions",
]
excludedimports = ["numpy.f2py", "numpy.testing", "numpy.distutils", "scipy", "matplotlib"]
