"""What the desk says, in Indonesian: states, acts, reasons, times, what is wrong with a form."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path

from kiosk.domain.problem import Caution, Problem
from kiosk.domain.work import REASONS

ROLES = {"petugas": "Petugas", "lurah": "Lurah", "admin": "Pengelola"}
ROLE_MEANS = {
    "petugas": "melayani permohonan dan antrean",
    "lurah": "membaca angka layanan dan catatan tindakan",
    "admin": "mengatur siapa yang boleh masuk",
}
TROUBLES = {
    "revoked": "Kota mencabut izin kiosk ini. Kiosk tidak menerima permohonan; warga diarahkan ke"
    " loket. Hubungi kota.",
    "older": "Basis data kiosk ini ternyata lebih lama dari seharusnya. Permohonan yang hilang dan"
    " belum sampai ke kota harus diajukan lagi. Hubungi pengelola.",
    "kept": "Salinan basis data yang rusak menunggu diperiksa pengelola (kiosk doctor).",
}
STATES = {
    "new": "Baru",
    "open": "Sedang dikerjakan",
    "accepted": "Diterima, surat dibuat",
    "returned": "Dikembalikan, menunggu warga",
    "rejected": "Ditolak",
    "done": "Selesai",
}
QUEUE_STATES = {
    "waiting": "Menunggu",
    "called": "Dipanggil",
    "serving": "Dilayani",
    "held": "Ditahan",
    "no_show": "Tidak hadir",
    "done": "Selesai",
}
ACTS = {
    "login": "Masuk",
    "login_failed": "Gagal masuk",
    "logout": "Keluar",
    "lock": "Mengunci layar",
    "password": "Mengganti kata sandi sendiri",
    "view": "Melihat permohonan",
    "open": "Membuka permohonan",
    "release": "Melepas permohonan",
    "check": "Memeriksa syarat",
    "accept": "Menerima permohonan",
    "return": "Mengembalikan permohonan",
    "reject": "Menolak permohonan",
    "done": "Menyelesaikan permohonan",
    "assist": "Mengisi untuk warga",
    "help_take": "Menangani panggilan bantuan",
    "help_leave": "Melepas panggilan bantuan",
    "help_end": "Menyelesaikan panggilan bantuan",
    "queue_call": "Memanggil nomor",
    "queue_recall": "Memanggil ulang nomor",
    "queue_serve": "Mulai melayani nomor",
    "queue_hold": "Menahan nomor",
    "queue_resume": "Mengembalikan nomor ke antrean",
    "queue_no_show": "Menandai nomor tidak hadir",
    "queue_transfer": "Memindahkan nomor",
    "queue_done": "Menyelesaikan nomor",
    "reprint": "Mencetak ulang",
    "staff_add": "Menambah orang",
    "staff_password": "Memberi kata sandi baru",
    "staff_role": "Mengubah peran",
    "staff_off": "Menonaktifkan orang",
    "staff_on": "Mengaktifkan orang",
}
SENT = {
    "": "hanya di sini",
    "accepted": "belum terkirim",
    "acked": "terkirim",
    "confirmed": "terkirim",
    "prunable": "terkirim",
    "conflict": "bermasalah",
    "quarantined": "bermasalah",
}
PRINT_PROBLEMS = {
    "off": "printer mati atau kabelnya lepas",
    "paper_out": "kertas habis",
    "cover": "tutup printer terbuka",
    "offline": "printer tidak siap",
    "silent": "printer tidak menjawab",
    "cut": "terputus saat mencetak",
    "late": "terlambat, orangnya sudah pergi",
}
_DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")


class Words:
    """Sentences about forms come from the kiosk's own `locales/id.toml`."""

    def __init__(self, locales: Path) -> None:
        table = tomllib.loads((locales / "id.toml").read_text(encoding="utf-8"))
        self._months: dict[str, str] = table["month"]
        self._errors: dict[str, str] = table["error"]
        self._cautions: dict[str, str] = table["caution"]

    def problem(self, problem: Problem) -> str:
        text = self._errors.get(problem.code)
        return text.format(**problem.params) if text else "Isian ini belum bisa diterima."

    def caution(self, caution: Caution) -> str:
        text = self._cautions.get(caution.code, "").format(**caution.params)
        return text.partition(" Kalau sudah benar")[0]  # the rest speaks of the kiosk's button

    def day(self, day: date) -> str:
        """Selasa, 24 November 2026"""
        return f"{_DAYS[day.weekday()]}, {self.short_day(day)}"

    def short_day(self, day: date) -> str:
        return f"{day.day} {self._months[str(day.month)]} {day.year}"


def clock(at: datetime | None) -> str:
    return "" if at is None else f"{at:%H.%M}"


def lasting(minutes: float | None) -> str:
    """ "4 menit", "1 jam 20 menit", "3 hari"; "–" for nothing measured."""
    if minutes is None:
        return "–"
    whole = round(minutes)
    if whole < 1:
        return "kurang dari 1 menit"
    if whole < 60:
        return f"{whole} menit"
    hours, rest = divmod(whole, 60)
    if hours < 24:
        return f"{hours} jam {rest} menit" if rest else f"{hours} jam"
    return f"{hours // 24} hari"


def since(at: datetime, now: datetime) -> str:
    return lasting(max(0.0, (now - at).total_seconds() / 60))


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f} %"


def reason(code: str) -> str:
    """The reason of a return or a refusal, a role; other codes as they are."""
    for reasons in REASONS.values():
        if code in reasons:
            return reasons[code][0]
    return ROLES.get(code, code)
