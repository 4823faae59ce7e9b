"""The words that the rule tables and the questions share: who asks, what work, which scheme. Nothing is decided here.

They stay in French because people, papers and offices use them so. A word that is added here may be used in the
tables of config/rules; a word that is not here is refused when a table is read.
"""

RELATIONS = ("SOI", "CONJOINT", "ENFANT", "ASCENDANT")
"""Who the person is to the one who opens the right. SOI: she asks for herself."""

LINKS = (
    "SOI",
    "CONJOINT",
    "ENFANT",
    "ELEVE",
    "HANDICAP",
    "ASCENDANT",
    "ENFANT_AUTRE",
    "ENFANT_AGE_INCONNU",
)
"""A relation made exact by age, studies and disability: ENFANT is a young child, ELEVE an older one who studies."""

AMO_WORK = ("FONCTIONNAIRE", "SALARIE_CT", "DEPUTE", "PENSIONNE")
WORK = (*AMO_WORK, "INFORMEL", "AGRICOLE", "SANS_RESSOURCES", "AUCUN", "INCONNU")
"""Work and income. SALARIE_CT: under the Code du travail. SANS_RESSOURCES is said, AUCUN only means no job."""

RESIDENCES = ("DOMICILE", "ETABLISSEMENT", "PRISON", "SDF")
INDIGENCE = ("RECONNU", "EN_COURS", "NON")
"""Whether the commune has recognised the indigence, is looking into it, or neither."""

SERVICES = (
    "PALUDISME",
    "CPN",
    "CESARIENNE",
    "ARV",
    "VACCINATION",
    "TUBERCULOSE",
    "LEPRE",
    "MALNUTRITION",
    "CANCER_FEMME",
    "FISTULE",
    "PF",
    "URGENCE",
    "DIALYSE",
    "CONSULTATION",
)
"""Care that can be asked about. CPN: antenatal visit; PF: family planning."""

NO_SERVICE = "AUCUN"
FUNDS = ("CMSS", "INPS")
UNKNOWN_FUND = "INCONNUE"
SCHEMES = ("AMO", "RAMED", "MUTUELLE")
ANSWERS = ("AMO", "RAMED", "RAMED_A_DEMANDER", "MUTUELLE", "AUCUN_AUTOMATIQUE", "INDETERMINE")
ROLES = ("OUVRANT_DROIT", "AYANT_DROIT", "ADMIS_DE_DROIT", "ADHERENT", "BENEFICIAIRE", "AUCUN")
OFFICES = ("CMSS", "INPS", "SLDSES_ANAM", "MAIRIE", "SECTION_MUTUELLE", "STRUCTURE_SANTE_LA_PLUS_PROCHE")
"""Where one registers."""

OWN_FUND, OPENER_FUND = "CAISSE", "CAISSE_OUVRANT"
"""In a rule: the fund of the person's own work or pension, or of the opener's."""

BY_LINK = "LIEN"
"""In a rule: the papers are those of the person's link."""

PAPER_SETS = (
    "OUVRANT",
    "CONJOINT",
    "ENFANT",
    "ELEVE",
    "HANDICAP",
    "ASCENDANT",
    "ADMIS",
    "DEMANDE",
    "ADHERENT",
)
YES, NO = "oui", "non"

REGISTERS = ("ramed", "amo", "mutuelle", "facilities", "staff")
"""What can be brought in from a file; the first three hold people."""

CELL_FORMS = (
    "NUMERO",
    "NOM",
    "MOT",
    "TEXTE",
    "JOUR",
    "NAISSANCE",
    "ANNEE",
    "DEBUT",
    "FIN",
    "COMMUNE",
    "NINA",
    "OUI_NON",
    "MONTANT",
    "TELEPHONE",
)
"""How a cell of such a file is read. DEBUT, FIN: a month alone is its first or last day."""

DELIVERIES = ("EN_ROUTE", "REMIS", "NON_REMIS", "EXPIRE")
"""What a delivery report says of a message: still on its way, on the phone, lost, given up after a while."""

SMS_COMMANDS = (
    "NUMBERS",
    "SEARCH",
    "NOT_HOLDER",
    "ACT_DONE",
    "UNDO",
    "SHEET",
    "STATS",
    "LIST",
    "COMPLAIN",
    "STOCK",
    "ACTIVATE",
    "CHIEF",
    "HELP",
    "RIGHTS",
    "CODE",
    "RECEIPT",
    "CENTRE",
    "STOP",
    "YES",
    "ERASE",
    "ENROL",
    "DEPENDANT",
    "PAPERS",
    "DEATH",
    "PAY",
    "CAMPAIGN",
    "PLAN",
    "DEPOSIT",
    "BALANCE",
    "LATE",
    "REMIND",
    "GROUP",
    "CHOICE",
    "OK",
)
"""What an SMS may ask for, whatever word it was asked with."""

SMS_MANNERS = ("TOPIC", "OPENING", "POLITE")
"""Words that are no command: a topic behind STOP, how a letter begins, politeness anywhere in it."""

SMS_BEHIND = ("ANYTHING", "FIGURES_FIRST", "ANSWER", "TOPIC", "DIGIT")
"""What may stand behind a command for it to be one: ANSWER is figures or a topic, TOPIC one topic or nothing."""

SMS_JOINS = ("ALL", "CODE", "CODES", "NUMBER", "DATE", "NONE")
"""Which groups of digits are one number: those of any number, of the code in front, of codes, of the number of a person
in front, of a date, none."""

MONEY_REASONS = (
    "SOLDE",
    "REFUS",
    "CODE",
    "DELAI",
    "PLAFOND",
    "COMPTE",
    "ABSENT",
    "NON_RECU",
    "ANNULE",
    "AUTRE",
)
"""Why no mobile money was taken. ABSENT: the operator was never asked. NON_RECU: it says that it knows of nothing."""

RHYTHMS = ("RECOLTE", "MENSUEL", "TRIMESTRIEL", "HEBDOMADAIRE")
"""How often a household is asked for its contribution to a mutuelle. RECOLTE: once a year, when the harvest is sold."""
