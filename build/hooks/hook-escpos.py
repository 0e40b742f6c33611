# What each make of printer can do stands in a file beside it.
from PyInstaller.utils.hooks import collect_data_files

datas = collect_data_files("escpos", includes=["*.json"])
