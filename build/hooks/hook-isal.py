# Its compiled parts import one another from C, where no analysis sees it.
hiddenimports = ["isal._isal", "isal.igzip_lib"]
