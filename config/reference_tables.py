"""The columns of every table under config/reference, and what each cell may hold."""

from __future__ import annotations

from config.columns import anything, matching, number, one_of, optional, text
from config.tables import CODE, OPERATOR, Table

KNOWN_OR_ND = matching(r"ND|0|[1-9][0-9]{0,11}", "a whole number, or ND where nothing is known")
MONTHS = matching(r"([1-9]|1[0-2])(;([1-9]|1[0-2]))*", "months such as 10;11;12")

REFERENCE = {
    "operators_prefixes": Table(
        {
            "prefix": matching(r"[0-9]{1,4}", "the first digits behind +223"),
            "kind": one_of(("MOBILE", "GRATUIT")),
            "operator": OPERATOR,
            "brand": anything,
            "mcc": optional(matching(r"[0-9]{3}", "three digits")),
            "mnc": optional(matching(r"[0-9]{2}", "two digits")),
        },
        key=("prefix",),
    ),
    "divisions": Table({"division": matching(r"[0-9]{4}", "a year")}),
    "mali_admin_2021": Table(
        dict.fromkeys(("region", "cercle"), text)
        | dict.fromkeys(("pcode", "unit_type", "region_pcode", "source"), anything),
        dated=False,
    ),
    "mali_admin": Table(
        dict.fromkeys(("region", "cercle"), text)
        | dict.fromkeys(
            ("pcode", "unit_type", "region_code_2023", "cercle_code_2023", "region_before_2023", "note"),
            anything,
        ),
        dated=False,
    ),
    "mali_communes_2023": Table(
        {
            "region": text,
            "cercle": anything,
            "arrondissement": anything,
            "commune": text,
            "code_2023": optional(matching(r"ML-C[0-9]{8}", "a code such as ML-C01010101")),
        },
        dated=False,
    ),
    "harvest_calendar": Table(
        {
            "region": text,
            "main_harvest_months": optional(MONTHS),
            "crops": text,
            "second_income_window_months": optional(MONTHS),
            "lean_season_months": MONTHS,
            "basis": text,
        },
        key=("region",),
        dated=False,
    ),
    "mutuelle_baseline": Table(
        {"region": text, "mutuelles": KNOWN_OR_ND, "beneficiaries": KNOWN_OR_ND, "treated": KNOWN_OR_ND},
        key=("region",),
    ),
    "mutuelle_finances": Table({"item": CODE, "value": number}, key=("item",)),
    "languages": Table(
        {"code": text, "name_fr": text}
        | dict.fromkeys(("iso639_3", "share_percent", "where", "source", "suggested_priority"), anything),
        key=("code",),
        dated=False,
    ),
    "gsm7_letters": Table(
        {
            "char": matching(r"[\s\S]", "one character"),
            "codepoint": matching(r"U\+[0-9A-F]{4,5}", "a code point"),
            "in_basic": one_of("01"),
            "in_extension": one_of("01"),
            "septets_default": optional(one_of("12")),
            "in_pt_single_shift": one_of("01"),
            "in_es_single_shift": one_of("01"),
            "in_tr_single_shift": one_of("01"),
            "replacement_for_gsm7": anything,
            "lossless": anything,
            "used_in": anything,
        },
        key=("char",),
        dated=False,
    ),
    "bm_glossary": Table(
        dict.fromkeys(("key", "bm_official", "bm_gsm7"), text)
        | {"fr": anything, "en": anything, "source": text, "reliability": text},
        key=("key",),
        dated=False,
    ),
}
"""The tables of config/reference, by the file's name."""
