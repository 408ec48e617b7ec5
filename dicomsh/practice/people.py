"""The patients of the practice archive: forty people who do not exist.

Their names mean "example", "sample" or "practice" in their languages, or are the usual names on
sample forms.
"""

from __future__ import annotations

from dicomsh.frozen import frozen


@frozen
class Person:
    """One patient. An attribute that is None is absent, one that is an empty string is empty.

    `studies` names the protocols of the studies; a date and time after `@` (`20240305T235900`)
    fixes the time; all others get one from their position in the archive.
    """

    patient_id: str
    issuer: str | None
    name: str
    sex: str | None
    birth_date: str | None
    studies: tuple[str, ...]
    comments: str | None


def _person(line: str) -> Person:
    cells = [cell.strip() for cell in line.split("|")]
    number, issuer, name, sex, birth_date, studies, comments = (
        None if cell == "-" else cell for cell in cells
    )
    assert number
    assert name
    assert studies
    return Person(number, issuer, name, sex, birth_date, tuple(studies.split()), comments)


# PatientID | issuer | name | sex | birth date | studies | comments; "-" is absent
_TABLE = """
0555643F | - | JODOGNE^SEBASTIEN | M | 19750314 | thorax@20090412T101530 brain@20110930T140210 | \
As in the samples of the Orthanc Book
10001 | - | Doe^Jane | F | 19680229 | chest head thorax mammography spine | -
10002 | - | Doe^Jane | F | 19910704 | ankle chest | -
10003 | - | Doe^John^Q^Mr.^Jr. | M | 19550101 | coronary chest angiography echo | -
10004 | - | Sample^Sam | - | 19801231 | abdomen chest | PatientSex is absent
10005 | - | Sample^Alex | | 20010911 | knee ankle chest | PatientSex is empty
10006 | - | Sample^Robin | O | - | chest ankle | PatientBirthDate is absent
10007 | - | Sample^Unborn | F | | abdomen echo | PatientBirthDate is empty
4711 | NORTH CLINIC | North^Nora | F | 19490523 | head thorax petct | -
4711 | SOUTH CLINIC | South^Sven | M | 19871113 | knee spine | -
ozp00sj | - | Lower^Casey | M | 19700615 | bone thorax | -
OZP00SJ | - | Upper^Casey | F | 19710616 | bone liver | -
MUC-0001 | - | Müller^Übung | M | 19600704 | head chest spine petct petct | -
MUC-0002 | - | Größe^Käthe | F | 19380912 | mammography mammography thorax | -
MUC-0003 | - | Mustermann^Erika | F | 19640812 | abdomen liver echo | -
MUC-0004 | - | Mustermann^Max | M | 19620130 | coronary chest echo thorax | -
MUC-0005 | - | Muller^Ubung | M | 19600704 | head chest | -
PAR-0001 | - | Exemple^Héloïse | F | 19770321 | swallow abdomen thorax | -
PAR-0002 | - | Lecœur^François-Éric | M | 19520818 | coronary echo chest bone | -
PAR-0003 | - | Échantillon^Noël | M | 19991225 | ankle knee | -
ATH-0001 | - | Παράδειγμα^Ελένη | F | 19830127 | mammography thorax brain | -
ATH-0002 | - | Δοκιμαστικός^Νίκος | M | 19471028 | chest head chest | -
SPB-0001 | - | Примеров^Иван^Петрович | M | 19580412 | thorax brain spine | -
SPB-0002 | - | Образцова^Анна | F | 19900308 | abdomen knee | -
TYO-0001 | - | Yamada^Tarou=山田^太郎=やまだ^たろう | M | 19660505 | thorax swallow brain | -
TYO-0002 | - | Yamada^Hanako=山田^花子=やまだ^はなこ | F | 19700303 | mammography liver | -
TYO-0003 | - | Yamada^Jirou=山田^次郎=やまだ^じろう | M | 19981103 | knee chest | -
TYO-0004 | - | Rei^Tarou=例^太郎=れい^たろう | M | 19511230 | swallow petct thorax | -
SEL-0001 | - | Hong^Gildong=洪^吉洞=홍^길동 | M | 19730815 | spine chest petct | -
SEL-0002 | - | Hong^Gilsoon=洪^吉順=홍^길순 | F | 19760301 | abdomen mammography | -
PEK-0001 | - | Zhang^San=张^三 | M | 19691001 | thorax head swallow | -
CAI-0001 | - | مثال^ليلى | F | 19850621 | echo chest | -
CAI-0002 | - | Mithal^Karim=مثال^كريم | M | 19421109 | head bone chest | -
ROM-0001 | - | Prova^Niccolò | M | 19630602 | angiography head liver | -
LIS-0001 | - | Exemplo^Conceição | F | 19560425 | bone mammography spine | -
PRG-0001 | - | Vzorová^Žofie | F | 20031117 | ankle spine chest | -
IST-0001 | - | Örnek^Işıl | F | 19791029 | abdomen liver brain | -
RTN-0001 | - | Returning^Regula | F | 19440401 | \
chest thorax chest mammography thorax chest echo \
thorax petct chest thorax petct | Many studies over many years
NGT-0001 | - | Nightshift^Nils | M | 19880229 | \
head@20240305T235900 chest@20240306T000000 thorax@20240305T235930 | Studies around midnight
BIG-0001 | - | Large^Lars | M | 19721212 | aorta@20230517T091500 chest@20230517T083000 | -
"""

PEOPLE = tuple(_person(line) for line in _TABLE.strip().splitlines())
"""All patients, in the order in which they are listed."""
