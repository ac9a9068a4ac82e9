"""What is reported of rows, values, files and objects, in English and in Danish, side by side.

A producer says `reason = Message.UNKNOWN_REFERENCE(uuid=uuid)`. What it gets is a `Reason`: a `str`, the English text, which
goes wherever a text goes: reject files, terminals, logs, JSON. It knows its Danish too (`danish(reason)`), for the page and
for senders, and its `code`, by which remarks of one sort are counted. A text that is no `Reason` is shown as it is.
"""

from __future__ import annotations

from enum import unique

from aarhus_los.reason import Template


@unique
class Message(Template):
    """English and Danish of each message. Its name is its code, which stands in records: it is not changed."""

    # Of a value in a file
    EMPTY = ("empty", "tom")
    NOT_A_UUID = ("not a uuid", "ikke et UUID")
    NOT_A_DATE = (
        "not a date: write it as 2021-12-31 or 31-12-2021",
        "ikke en dato: skriv den som 2021-12-31 eller 31-12-2021",
    )
    NO_SUCH_DATE = ("a date that does not exist", "en dato, der ikke findes")
    NIL_UUID = ("the nil uuid is no value", "nul-UUID'et er ingen værdi")
    NOT_A_BOOLEAN = (
        "neither True/False, 1/0, Ja/Nej nor SAND/FALSK",
        "hverken True/False, 1/0, Ja/Nej eller SAND/FALSK",
    )
    NULL_TEXT = (
        "the text NULL is no value: leave the cell empty",
        "teksten NULL er ingen værdi: lad cellen være tom",
    )
    SPREADSHEET_NUMBER = (
        "a number as a spreadsheet shows it, with a decimal part or an exponent",
        "et tal, som et regneark viser det, med decimaler eller eksponent",
    )
    NOT_A_CVR = ("not a CVR number of 8 digits", "ikke et CVR-nummer på 8 cifre")
    NOT_AN_SE = ("not an SE number of 8 digits", "ikke et SE-nummer på 8 cifre")
    CONTROL_CHARACTER = (
        "a line break or another control character in the value",
        "et linjeskift eller et andet styretegn i værdien",
    )
    NOT_AN_EAN = ("not an EAN number of 13 digits", "ikke et EAN-nummer på 13 cifre")
    NOT_A_P_NUMBER = ("not a P-number of 10 digits", "ikke et P-nummer på 10 cifre")
    NOT_AN_EMAIL = ("not an e-mail address", "ikke en e-mailadresse")
    NOT_A_CPR = ("not a CPR number of ten digits", "ikke et CPR-nummer på ti cifre")
    NO_SUCH_BIRTH_DATE = (
        "a CPR number whose birth date does not exist",
        "et CPR-nummer, hvis fødselsdato ikke findes",
    )
    BORN_LATER = (
        "a CPR number whose birth date is after the date of the file",
        "et CPR-nummer, hvis fødselsdato er efter filens dato",
    )
    CANCELLED = (
        "the day before the start: what the row is about is not there",
        "dagen før startdatoen: det, rækken handler om, findes ikke",
    )
    START_AFTER_END = ("after the end of the row", "efter rækkens slutdato")
    START_MEANS_NO_END = (
        "this date means no end, it cannot be a start",
        "datoen betyder ingen slutdato og kan ikke være en startdato",
    )
    ENDS_TOO_EARLY = ("before {day}", "før {day}")
    STARTS_TOO_EARLY = ("before {day}: taken as {day}", "før {day}: læst som {day}")
    BAD_VALUE = ("{column}: {reason}", "{column}: {reason}")

    # Of a line of a file
    WRONG_WIDTH = (
        "{found:value|values} where the header has {expected}",
        "{found:værdi|værdier}, hvor overskriften har {expected}",
    )
    QUOTE_TAKES_NEXT_ROW = (
        "a quote that is not closed on its line takes in the next row",
        "et citationstegn, der ikke lukkes på linjen, tager næste række med",
    )
    QUOTE_NOT_CLOSED = ("a quote that is not closed", "et citationstegn, der ikke lukkes")
    TEXT_AFTER_QUOTE = (
        "text follows a closing quote: a quote within a value is written twice",
        "der står tekst efter et lukkende citationstegn: et citationstegn i en værdi skrives to gange",
    )
    VALUE_TOO_LONG = (
        "a value of more than {limit} characters, or a quote that is not closed",
        "en værdi på mere end {limit} tegn, eller et citationstegn, der ikke lukkes",
    )
    NOT_CSV = ("not a CSV record", "ikke en CSV-række")
    NUL_BYTE_ON_LINE = (
        "a NUL byte: it is no text, or UTF-16 and not UTF-8",
        "en NUL-byte: det er ikke tekst, eller det er UTF-16 og ikke UTF-8",
    )
    NO_ROWS = (
        "{file}: a header but no rows: nothing to import",
        "{file}: en overskrift, men ingen rækker: intet at importere",
    )
    NOT_APPLIED = ("{reason}; not applied", "{reason}; bruges ikke")

    # Of a file as a whole
    NO_HEADER = ("it is empty: not even a header", "den er tom: der er ikke engang en overskrift")
    BAD_HEADER = ("its header cannot be read: {reason}", "dens overskrift kan ikke læses: {reason}")
    COLUMNS_MISSING = ("its header lacks {columns}", "dens overskrift mangler {columns}")
    ONE_COLUMN = (
        "{text} (it has a single column: the delimiter is {delimiter})",
        "{text} (den har kun én kolonne: skilletegnet er {delimiter})",
    )
    COLUMNS_ABSENT = (
        "its header lacks {columns}: what MO has there stays as it is",
        "dens overskrift mangler {columns}: det, MO har der, ændres ikke",
    )
    MEANT_FOR = ("{text}; is {title} meant for {column}?", "{text}; er {title} ment som {column}?")
    OF_FILE = ("{file}: {text}", "{file}: {text}")
    COLUMNS_TWICE = (
        "its header has {columns} more than once",
        "dens overskrift har {columns} mere end én gang",
    )
    UTF16 = ("it is UTF-16: save it as UTF-8", "den er i UTF-16: gem den som UTF-8")
    MIXED_FROM_LINE = (
        "it is not UTF-8 throughout, though it is on line {line}: an upload cut short, or two encodings",
        "den er ikke UTF-8 hele vejen, skønt den er det på linje {line}: afbrudt under upload, eller to tegnsæt",
    )
    MIXED_FROM_START = (
        "it is not UTF-8 throughout, though it is at its start: an upload cut short, or two encodings",
        "den er ikke UTF-8 hele vejen, skønt den begynder sådan: afbrudt under upload, eller to tegnsæt",
    )
    NO_ENCODING = ("neither UTF-8 nor cp1252: see line {line}", "hverken UTF-8 eller cp1252: se linje {line}")
    IMPOSSIBLE_STAMP = (
        "the date and time in its name do not exist",
        "dato og klokkeslæt i dens navn findes ikke",
    )
    STAMP_TOO_OLD = ("the date in its name is before {year}", "datoen i dens navn er før {year}")
    UPLOAD_AGAIN = (
        "{reason}: upload it again under its right name",
        "{reason}: læg den op igen under det rigtige navn",
    )
    STAMP_IN_FUTURE = (
        "the date in its name is in the future (today is {today}): upload it again under its right name",
        "datoen i dens navn ligger i fremtiden (i dag er {today}): læg den op igen under det rigtige navn",
    )
    NEAR_MISS = (
        "looks like a file of the drop, but {why}; expected {expected}",
        "ligner en af LOS-filerne, men {why}; forventet {expected}",
    )
    NOT_READ = ("{file} is not read: {why}", "{file} læses ikke: {why}")
    FAMILY_HAS_KINDS = ("{family} files are {kinds}", "{family}-filer er {kinds}")
    NAMED_LIKE_COPY = ("it is named like a copy", "navnet ligner en kopis")
    NAME_CASE = (
        "upper and lower case or spaces differ",
        "store og små bogstaver eller mellemrum er anderledes",
    )
    NAME_GOES_ON = (
        "something follows .csv, as in an upload that is not finished",
        "der står noget efter .csv, som når en upload ikke er færdig",
    )
    UNKNOWN_LIST = ("the lists are {lists}", "listerne er {lists}")
    NAME_LACKS_TIME = ("the time is missing", "klokkeslættet mangler")
    NAME_OTHERWISE = ("its name is not of that pattern", "navnet følger ikke mønsteret")
    CANNOT_BE_READ = ("it cannot be read ({reason})", "den kan ikke læses ({reason})")
    NOT_GIVEN = ("the server does not give it ({said})", "serveren udleverer den ikke ({said})")
    SIZE_NOT_KNOWN = (
        "its size cannot be found out, so it is not known whether it is whole",
        "dens størrelse kan ikke findes, så det vides ikke, om den er hel",
    )
    FILE_TOO_LARGE = (
        "it has {size} bytes, and a file of the drop {most} at most",
        "den er på {size} byte, og en LOS-fil højst på {most}",
    )
    EMPTY_FILE_WAITS = (
        "{file} is empty: it waits for the next run",
        "{file} er tom: den venter til næste kørsel",
    )
    CHANGED_FILE_WAITS = ("{change}: it waits for the next run", "{change}: den venter til næste kørsel")
    NOT_WHOLE_SINCE = (
        "it is not whole since {day}: upload it again",
        "den har ikke været hel siden {day}: læg den op igen",
    )
    LEFT_UNDER_WAY = (
        "{file} left the server before its import was completed: part of it may be in MO",
        "{file} forsvandt fra serveren, før importen af den var færdig: noget af den kan være i MO",
    )
    FIRST_IMPORT = (
        "a first import: {count:file is|files are} new",
        "en første import: {count:fil er ny|filer er nye}",
    )
    TAKEN_OVER = (
        "{count:file is|files are} taken over as imported by an earlier importer, the newest is {newest}",
        "{count:fil er overtaget|filer er overtaget} som importeret af en tidligere importør, den nyeste er {newest}",
    )
    GONE_FOR_SINCE = (
        "{files} cannot be imported again: neither on the server nor kept",
        "{files} kan ikke importeres igen: hverken på serveren eller gemt",
    )
    AND_MORE = ("{name} and {count} more", "{name} og {count} til")
    COMES_LATE = (
        "it comes late, and {files} that it is folded with can no longer be read: upload them again, or let it apply where"
        " the files that are left are silent, with --allow-late",
        "den kommer for sent, og {files}, der hører sammen med den, kan ikke længere læses: læg dem op igen, eller lad"
        " den gælde, hvor de tilbageværende filer intet siger, med --allow-late",
    )
    PENDING_BUT_LATE = (
        "it has pending rows, and {files} that it is folded with can no longer be read: upload them again, or let it apply"
        " where the files that are left are silent, with --allow-late",
        "den har ventende rækker, og {files}, der hører sammen med den, kan ikke længere læses: læg dem op igen, eller lad"
        " den gælde, hvor de tilbageværende filer intet siger, med --allow-late",
    )
    PENDING_BUT_GONE = (
        "it has pending rows, and its bytes are neither on the server nor kept: upload it again, or give its rows up"
        " with --accept-rejects",
        "den har ventende rækker, og dens indhold er hverken på serveren eller gemt: læg den op igen, eller opgiv dens"
        " rækker med --accept-rejects",
    )

    # Of a drop before its upload
    BEING_WRITTEN = (
        "it is being written: validate it when the upload is complete",
        "den er ved at blive skrevet: tjek den igen, når den er færdig",
    )
    NO_DROP = (
        "no file of the drop is in this folder: is it the right one?",
        "der er ingen LOS-filer i denne mappe: er det den rigtige?",
    )
    HEADER_ONLY = ("a header but no rows", "en overskrift, men ingen rækker")
    UNIT_NOT_IN_DROP = (
        "no unit in this folder has this uuid: applied only if MO has it",
        "ingen enhed i denne mappe har dette UUID: bruges kun, hvis MO har det",
    )
    CLASS_NOT_IN_DROP = (
        "no class of {file} in this folder has this uuid: applied only if MO has it",
        "ingen klasse i denne mappes {file} har dette UUID: bruges kun, hvis MO har det",
    )
    ENGAGEMENT_OF_ANOTHER_PERSON = (
        "the same engagement is another person's in {row}: one of the two is not applied",
        "samme ansættelse er en anden persons i {row}: en af de to bruges ikke",
    )
    CLASS_IN_ANOTHER_LIST = (
        "the same class is in {row} too: one of the two is not applied",
        "samme klasse står også i {row}: en af de to bruges ikke",
    )
    FILES_NOT_READ = ("{count:file|files} would not be read", "{count:fil|filer} ville ikke blive læst")
    COLUMNS_MISSPELT = (
        "{count:file lacks|files lack} a column that may be misspelt",
        "{count:fil|filer} mangler en kolonne, der måske er stavet forkert",
    )
    ROWS_NOT_APPLIED = (
        "{count:row|rows} would not be applied, or only in part",
        "{count:række|rækker} ville ikke eller kun delvist blive brugt",
    )
    VALID = (
        "Nothing must be mended: {files:file|files}, {rows:row|rows}, {notes:note|notes}.",
        "Intet skal rettes: {files:fil|filer}, {rows:række|rækker}, {notes:bemærkning|bemærkninger}.",
    )
    NOT_VALID = (
        "Mend it before the upload: {faults} ({files:file|files}, {rows:row|rows}, {notes:note|notes}).",
        "Ret det før upload: {faults} ({files:fil|filer}, {rows:række|rækker}, {notes:bemærkning|bemærkninger}).",
    )
    LISTED_FILES = ("Files that would not be read:", "Filer, der ikke ville blive læst:")
    LISTED_COLUMNS = ("Columns that may be misspelt:", "Kolonner, der måske er stavet forkert:")
    LISTED_ROWS = (
        "Rows that would not be applied, or only in part:",
        "Rækker, der ikke eller kun delvist ville blive brugt:",
    )
    LISTED_NOTES = ("Notes, nothing must be done about them:", "Bemærkninger, der intet kræver:")

    # Of rows that are set aside
    UNKNOWN_REFERENCE = ("neither MO nor the drop has {uuid}", "hverken MO eller LOS-filerne har {uuid}")
    UNKNOWN_PARENT = (
        "neither MO nor the drop has the parent {uuid}",
        "hverken MO eller LOS-filerne har overenheden {uuid}",
    )
    UNKNOWN_PERSON = (
        "neither MO nor the drop has a person with this CPR number",
        "hverken MO eller LOS-filerne har en person med dette CPR-nummer",
    )
    BESIDE_UNREADABLE_DATES_OF_UNIT = (
        "line {line} is about the same unit, and its dates cannot be read",
        "linje {line} handler om samme enhed, og dens datoer kan ikke læses",
    )
    BESIDE_UNREADABLE_DATES_OF_ENGAGEMENT = (
        "line {line} is about the same engagement, and its dates cannot be read",
        "linje {line} handler om samme ansættelse, og dens datoer kan ikke læses",
    )
    BESIDE_SET_ASIDE_MANAGER = (
        "line {line} is about the same manager and is set aside",
        "linje {line} handler om samme leder og er sat til side",
    )
    CIRCLE = ("a circle of parents on {day}: {units}", "en ring af overenheder den {day}: {units}")
    UNITS_UNDER = ("{unit} under {parent}", "{unit} under {parent}")
    OTHER_PERSONS_ENGAGEMENT = (
        "the engagement {uuid} belongs to another person",
        "ansættelsen {uuid} tilhører en anden person",
    )
    OTHER_CPR_IN_MO = (
        "the person {uuid}, whom this number made, has another CPR number in MO",
        "personen {uuid}, som nummeret hører til, har et andet CPR-nummer i MO",
    )
    MO_CANNOT_SHOW = ("MO cannot show {uuid}: {reason}", "MO kan ikke vise {uuid}: {reason}")
    ADDRESS_NOT_LOOKED_UP = (
        "the address was not looked up: {reason}",
        "adressen blev ikke slået op: {reason}",
    )
    OPERATION_FAILED = ("{kind} {uuid}: {reason}", "{kind} {uuid}: {reason}")
    MO_REFUSED = ("MO refused it ({answer}): {text}", "MO afviste det ({answer}): {text}")
    MO_REFUSED_OUTSIDE_UNIT = (
        "MO refused it ({answer}): without REST, it takes nothing for days on which the org unit above is not there",
        "MO afviste det ({answer}): uden REST tager MO ikke imod noget for dage, hvor enheden ovenover ikke findes",
    )
    MO_REFUSED_OUTSIDE_PERSON = (
        "MO refused it ({answer}): without REST, it takes nothing for days on which the person is not there",
        "MO afviste det ({answer}): uden REST tager MO ikke imod noget for dage, hvor personen ikke findes",
    )
    MO_REFUSED_UNIT_IN_USE = (
        "MO refused it ({answer}): without REST, it ends no org unit while something in it goes on: end or move that first",
        "MO afviste det ({answer}): uden REST lukker MO ikke en enhed, så længe noget fortsætter i den:"
        " luk eller flyt det først",
    )
    MO_REFUSED_SAME_CPR = (
        "MO refused it ({answer}): without REST, it takes no second person with one CPR number",
        "MO afviste det ({answer}): uden REST tager MO ikke imod endnu en person med samme CPR-nummer",
    )
    MO_HAS_NO_SUCH = ("MO answered that it has no such object", "MO svarede, at det ikke findes")
    NOT_SENT = (
        "not sent: it needs {kind} {uuid}, which failed: {reason}",
        "ikke sendt: det kræver {kind} {uuid}, som mislykkedes: {reason}",
    )

    NOT_PENDING = (
        "{row} is no pending row: nothing of it is given up",
        "{row} er ikke en ventende række: intet af den er opgivet",
    )

    # Of rows that are applied
    UNKNOWN_TYPE = (
        "neither MO nor the drop has the unit type {uuid}: the unit gets Ukendt",
        "hverken MO eller LOS-filerne har enhedstypen {uuid}: enheden får Ukendt",
    )
    OVERLAPS = (
        "overlaps line {line} and differs: from {day} on this row wins",
        "overlapper linje {line} og er anderledes: fra {day} gælder denne række",
    )
    PARENT_NOT_THERE = (
        "the parent {uuid} is not there on every day from {start} to {end}",
        "overenheden {uuid} findes ikke alle dage fra {start} til {end}",
    )
    PARENT_NOT_THERE_WITHOUT_END = (
        "the parent {uuid} is not there on every day from {start} on",
        "overenheden {uuid} findes ikke alle dage fra {start}",
    )
    UNIT_NOT_THERE = (
        "the unit {uuid} is not there on every day of the engagement",
        "enheden {uuid} findes ikke alle dage i ansættelsen",
    )
    MANAGED_UNIT_NOT_THERE = (
        "the unit {uuid} is not there on every day from the file date on",
        "enheden {uuid} findes ikke alle dage fra filens dato",
    )
    NO_PAST = (
        "MO cannot show what it said before these files of {count:subject|subjects} ({uuids}): they are folded on MO as"
        " it is",
        "MO kan ikke vise, hvad den sagde før disse filer, om {count:emne|emner} ({uuids}): de regnes ud fra MO, som den"
        " er nu",
    )
    MARK_RUN_DROPPED = (
        "the unit {unit} is in the line organisation several times: MO can hold only the last time, from {start} on",
        "enheden {unit} er i linjeorganisationen flere gange: MO kan kun rumme den sidste gang, fra {start}",
    )
    ENDS_BEFORE_ANNOUNCED = (
        "ends the day before a change that was announced for {day}: it claims to its end only",
        "slutter dagen før en ændring, der er varslet til {day}: den gælder kun til sin slutdato",
    )
    UNKNOWN_ENGAGEMENT = (
        "nobody knows the engagement {uuid}: there is nothing to end",
        "ingen kender ansættelsen {uuid}: der er intet at afslutte",
    )
    UNKNOWN_MANAGER = (
        "nobody knows the manager {uuid}: there is nothing to end",
        "ingen kender lederen {uuid}: der er intet at afslutte",
    )
    ROWS_OF_PERSON_DIFFER = (
        "{column} differs between the rows of one person: this row wins",
        "{column} er forskellig i én persons rækker: denne række gælder",
    )
    ROWS_OF_MANAGER_DIFFER = (
        "type or level differ between the rows of one manager: this row wins",
        "type eller niveau er forskellig i én leders rækker: denne række gælder",
    )
    OTHER_ACCOUNTS = (
        "the person {uuid} has {count:other account|other accounts} in the AZ system: left as they are",
        "personen {uuid} har {count:anden konto|andre konti} i AZ-systemet: de er ikke ændret",
    )
    FOREIGN_ACCOUNT = (
        "the account {uuid} is of another person or IT system in MO: left as it is",
        "kontoen {uuid} hører i MO til en anden person eller et andet IT-system: den er ikke ændret",
    )
    SEVERAL_PEOPLE = (
        "several people in MO have this CPR number: {uuid} is taken",
        "flere personer i MO har dette CPR-nummer: {uuid} er brugt",
    )
    OTHER_MANAGERS = (
        "the unit has another manager too, only a Leder_luk ends one: {uuids}",
        "enheden har også en anden leder, og kun en Leder_luk afslutter en leder: {uuids}",
    )
    CLASS_TWICE = (
        "names the same class as line {line} and differs: this row wins",
        "nævner samme klasse som linje {line} og er anderledes: denne række gælder",
    )
    CLASS_OF_ANOTHER_LIST = (
        "the class {uuid} belongs to {file}, which is the first of the lists that name it",
        "klassen {uuid} hører til {file}, som er den første af de lister, der nævner den",
    )
    CLASS_OF_ANOTHER_FACET = (
        "MO has the class {uuid} in another facet ({facet}): it stays there",
        "MO har klassen {uuid} i en anden facet ({facet}): der bliver den",
    )
    UNLISTED_CLASSES = (
        "{file}: MO has classes that it does not list, they are left as they are: {names}",
        "{file}: MO har klasser, som listen ikke har; de er ikke ændret: {names}",
    )
    MORE_UNLISTED_CLASSES = (
        "{file}: MO has classes that it does not list, they are left as they are: {names} and {count} more",
        "{file}: MO har klasser, som listen ikke har; de er ikke ændret: {names} og {count} til",
    )
    WITHOUT_REST = (
        "MO's REST API is switched off, or closed to our client: it is written by GraphQL, see los-import help setup",
        "MO's REST-API er slået fra eller lukket for vores klient: der skrives med GraphQL, se los-import help setup",
    )
    POSTAL_LEFT_OUT = (
        "{count:postal address|postal addresses} left out: without REST, MO asks its own address service about them,"
        " and that does not answer; one is tried in each run",
        "{count:postadresse|postadresser} udeladt: uden REST spørger MO sin egen adressetjeneste om dem,"
        " og den svarer ikke; én prøves i hver kørsel",
    )
    POSTAL_TAKEN_AGAIN = (
        "MO takes postal addresses again: a run with --since {day} brings those that were left out",
        "MO tager imod postadresser igen: en kørsel med --since {day} henter dem, der blev udeladt",
    )
    OTHER_MUNICIPALITY = (
        "MO's root organisation has the municipality code {found}, the settings have {expected}: left as it is",
        "MO's rodorganisation har kommunekoden {found}, indstillingerne har {expected}: den er ikke ændret",
    )
    ORPHANED = (
        "the org unit {unit} ends, and {engagements:engagement|engagements} and {managers:manager|managers} outlive it",
        "enheden {unit} lukker, men {engagements:ansættelse|ansættelser} og {managers:leder|ledere} fortsætter i den",
    )
    MO_STILL_SHOWS = (
        "{kind} {uuid}: MO does not say what it was told {days}: it is still there{rows}",
        "{kind} {uuid}: MO siger ikke, hvad den fik besked på, {days}: den er der stadig{rows}",
    )
    MO_DOES_NOT_SHOW = (
        "{kind} {uuid}: MO does not say what it was told {days}: it is not there{rows}",
        "{kind} {uuid}: MO siger ikke, hvad den fik besked på, {days}: den er der ikke{rows}",
    )
    MO_SHOWS_OTHERWISE = (
        "{kind} {uuid}: MO does not say what it was told {days}: {fields}{rows}",
        "{kind} {uuid}: MO siger ikke, hvad den fik besked på, {days}: {fields}{rows}",
    )
    FROM_ON = ("from {start} to no end", "fra {start}")
    FROM_TO = ("from {start} to {end}", "fra {start} til {end}")

    # Of the address service
    ADDRESSES_CLOSED = (
        "{reason}: it is asked no more in this run; {count:address is|addresses are} not looked up",
        "{reason}: den spørges ikke mere i denne kørsel; {count:adresse er|adresser er} ikke slået op",
    )
    ADDRESS_FAILS = ("the address service: {reason}", "adressetjenesten: {reason}")
    ADDRESS_NOT_UNDERSTOOD = (
        "the address service's answer was not understood",
        "adressetjenestens svar blev ikke forstået",
    )
    ADDRESS_TOKEN = (
        "the address service refuses the token (HTTP 401): check dar_token",
        "adressetjenesten afviser nøglen (HTTP 401): se på dar_token",
    )
    ADDRESS_FORBIDDEN = (
        "the address service refuses access (HTTP 403): check dar_token",
        "adressetjenesten afviser adgangen (HTTP 403): se på dar_token",
    )
    ADDRESS_CLOSED = (
        "the address service is closed (HTTP 410): check dar_url",
        "adressetjenesten er lukket (HTTP 410): se på dar_url",
    )
    ADDRESS_EMPTY = ("The text is empty", "Teksten er tom")
    ADDRESS_TOO_LONG = ("The text is longer than any address", "Teksten er længere end nogen adresse")
    ADDRESS_ODD_STATUS = (
        "the address service answers {status}: check dar_url",
        "adressetjenesten svarer {status}: se på dar_url",
    )
    NOT_USED = ("{text} ({why})", "{text} ({why})")
    TIMES_IN_ALL = ("{count:time|times}: {reason}", "{count:gang|gange}: {reason}")
    TIMES_IN_A_ROW = ("{reason} ({count} times in a row)", "{reason} ({count} gange i træk)")
    CACHE_NOT_WRITTEN = (
        "{path}: the address cache cannot be written ({reason}): the next run asks the address service again",
        "{path}: adresselageret kan ikke skrives ({reason}): næste kørsel spørger adressetjenesten igen",
    )
    CACHE_NOT_READ = (
        "{path}: the address cache cannot be read ({reason}) and is ignored: addresses are looked up anew",
        "{path}: adresselageret kan ikke læses ({reason}) og bruges ikke: adresserne slås op på ny",
    )
    CACHE_BROKEN = (
        "{path}: the address cache is broken and is ignored: addresses are looked up anew",
        "{path}: adresselageret er ødelagt og bruges ikke: adresserne slås op på ny",
    )

    ADDRESS_INTERVAL = ("the text is an interval of house numbers", "teksten er et interval af husnumre")
    ADDRESS_CODE = ("the code is not known to be safe", "koden er ikke kendt som sikker")
    ADDRESS_NOT_IN_FORCE = (
        "the address is not in force (status {status}: {word})",
        "adressen er ikke i kraft (status {status}: {word})",
    )
    ADDRESS_ENDS = ("the address has an end (virkningtil)", "adressen har en slutdato (virkningtil)")

    # Of servers
    ANSWER = ("answer {status}", "svar {status}")
    TLS_FAILED = ("the TLS connection failed", "TLS-forbindelsen mislykkedes")
    NO_CONNECTION_WITHIN = ("no connection within {seconds} s", "ingen forbindelse inden for {seconds} s")
    PROXY_FAILS = ("the proxy cannot be reached or refuses", "proxyen kan ikke nås eller afviser")
    NO_ANSWER_WITHIN = ("no answer within {seconds} s", "intet svar inden for {seconds} s")
    NO_CONNECTION = (
        "no connection (refused, or the host is not known)",
        "ingen forbindelse (afvist, eller værten er ukendt)",
    )
    NOTHING_MORE_WITHIN = (
        "nothing more of the answer within {seconds} s",
        "intet mere af svaret inden for {seconds} s",
    )
    CLOSED_TOO_EARLY = (
        "the connection was closed before the answer was whole",
        "forbindelsen blev lukket, før svaret var helt",
    )
    EXCHANGE_TOO_LONG = (
        "the exchange was not over within {seconds} s",
        "udvekslingen var ikke slut inden for {seconds} s",
    )
    ANSWER_LOST = (
        "what became of it is not known, since its answer was lost: {reason}",
        "hvad der blev af det, vides ikke, for svaret gik tabt: {reason}",
    )

    # Of the machine
    SHARED_FOLDER_READABLE = (
        "others can read the folder {folder} (give {setting} a folder of its own: it is made private)",
        "andre kan læse mappen {folder} (giv {setting} en mappe for sig selv: den oprettes privat)",
    )
    FOLDER_READABLE = (
        "others can read the folder {folder} (chmod 0700 {folder})",
        "andre kan læse mappen {folder} (chmod 0700 {folder})",
    )

    # Of a run as a whole: how it ended
    ALL_DONE = ("Done.", "Alt er importeret.")
    NOTHING_NEW = ("Nothing was new.", "Der var intet nyt.")
    DONE_BUT_WAITING = (
        "Done, but a file is not whole yet: it waits for the next run.",
        "Importen er gennemført, men en fil er ikke hel endnu: den venter til næste kørsel.",
    )
    DONE_BUT_ROWS = (
        "Done, but some rows or values are set aside.",
        "Importen er gennemført, men nogle rækker eller værdier er sat til side.",
    )
    DONE_BUT_FAULTS = (
        "Done, but there is something to look at.",
        "Importen er gennemført, men der er noget at se på.",
    )
    DONE_BUT_FILES = (
        "Not all is imported: some files are refused.",
        "Ikke alt er importeret: nogle filer er afvist.",
    )
    HELD_BACK = ("Held back by a brake: nothing was sent to MO.", "Bremsen er gået i: intet er sendt til MO.")
    BRAKED = (
        "Stopped by a brake: {written} of {planned:write was|writes were} made, the rest is held back.",
        "Bremsen er gået i: {written} af {planned:skrivning|skrivninger} er udført, resten er holdt tilbage.",
    )
    CUT_OFF = (
        "Cut off: {written} of {planned:write was|writes were} made, and the next run does the rest.",
        "Afbrudt: {written} af {planned:skrivning|skrivninger} er udført, og næste kørsel gør resten.",
    )
    CUT_OFF_BEFORE = (
        "Cut off before anything was written: the next run does it.",
        "Afbrudt, før noget blev skrevet: næste kørsel gør det.",
    )
    NOT_AS_IT_MUST_BE = (
        "MO or the account is not as it must be: do not go on before this is understood.",
        "MO eller regnskabet er ikke, som det skal være: gå ikke videre, før det er forstået.",
    )
    PLANNED = ("Planned, nothing was written.", "En import ville gennemføre alt. Intet er skrevet.")
    PLANNED_NOTHING_NEW = ("Nothing is new.", "Der er intet nyt.")
    PLANNED_BUT_WAITING = (
        "Planned, nothing was written; a file is not whole yet: it would wait for the next run.",
        "Intet er skrevet. En fil er ikke hel endnu: den ville vente til næste kørsel.",
    )
    PLANNED_BUT_ROWS = (
        "Planned, nothing was written; some rows or values would be set aside.",
        "En import ville sætte nogle rækker eller værdier til side. Intet er skrevet.",
    )
    PLANNED_BUT_FAULTS = (
        "Planned, nothing was written; there is something to look at.",
        "En import er planlagt, men der er noget at se på. Intet er skrevet.",
    )
    PLANNED_BUT_FILES = (
        "Planned, nothing was written; some files would be refused.",
        "En import ville afvise nogle filer. Intet er skrevet.",
    )
    PLANNED_BUT_BRAKE = (
        "Planned, nothing was written; a brake would hold everything back.",
        "Bremsen ville gå i, og en import ville holde alt tilbage. Intet er skrevet.",
    )

    # Of brakes
    BRAKE_UNIT_ENDS = (
        "the plan has {planned:unit end|unit ends}",
        "{planned:enhed|enheder} ville blive lukket",
    )
    BRAKE_UNIT_MOVES = (
        "the plan has {planned:unit move|unit moves}",
        "{planned:enhed|enheder} ville blive flyttet",
    )
    BRAKE_ENGAGEMENT_ENDS = (
        "the plan has {planned:engagement end|engagement ends}",
        "{planned:ansættelse|ansættelser} ville ophøre",
    )
    BRAKE_REFUSALS = (
        "{planned:object was|objects were} refused by MO",
        "{planned:objekt|objekter} blev afvist af MO",
    )
    BRAKE_OF = (
        "{what} ({share}% of {present}); more than {limit} and {percent} % are not done unasked",
        "{what}, {share} % af {present}; mere end {limit} og {percent} % gøres ikke uden videre",
    )
    BRAKE_OF_UNKNOWN = (
        "{what} (MO could not tell of how many); more than {limit} are not done unasked",
        "{what}, MO kunne ikke sige ud af hvor mange; mere end {limit} gøres ikke uden videre",
    )

    # What to do
    STEP_DIFFERENCES = (
        "find out who else wrote to MO, or what it refused without a word; the record run_<time>.json in the report"
        " folder has all that was sent. The state is unchanged: the next run tries again",
        "find ud af, hvem der ellers har skrevet i MO, eller hvad MO afviste uden at sige det; filen run_<tid>.json i"
        " rapportmappen har alt, der blev sendt. Næste kørsel prøver igen",
    )
    STEP_STOPPED = (
        "`los-import check` shows whether MO can be reached; the next run does the rest",
        "`los-import check` viser, om MO kan nås; næste kørsel gør resten",
    )
    STEP_BRAKE_LOOK = (
        "look at what it would do: `los-import plan`, or `los-import plan --html FILE` as a page for those who know",
        "se efter i listen her på siden, om det er rigtigt, eller vis den til dem, der ved det",
    )
    STEP_BRAKE_RIGHT = (
        "if it is right, run again with `{allow}`: at most so many are let through, once",
        "er det rigtigt, så kør igen med `{allow}`: så mange slipper igennem, denne ene gang",
    )
    STEP_BRAKE_WRONG = (
        "if it is not, have the drop mended and sent again",
        "er det forkert, så bed afsenderen rette filerne og sende dem igen",
    )
    STEP_FILES = (
        "have the files that are refused sent again, mended; the others are imported",
        "bed afsenderen rette de afviste filer og sende dem igen; de andre er importeret",
    )
    STEP_NAMES = (
        "do for each file that is refused as its reason says: one of a coming day waits for it; a late one needs the"
        " later ones on the server again, or --allow-late",
        "gør for hver afvist fil, som dens begrundelse siger: en fil fra en kommende dag venter på den; en, der kommer"
        " for sent, kræver de senere filer på serveren igen, eller --allow-late",
    )
    STEP_CLOCK = (
        "most files lie in the future: is the clock of this machine right? It says {now}",
        "de fleste filer ligger i fremtiden: går uret på denne maskine rigtigt? Det siger {now}",
    )
    STEP_REJECTED = (
        "have the rows and values that are rejected mended and sent again",
        "bed afsenderen rette de afviste rækker og værdier og sende dem igen",
    )
    STEP_PENDING = (
        "wait for what pending rows need: each run tries them again; `los-import --accept-rejects` gives them up",
        "vent på det, som de ventende rækker mangler: hver kørsel prøver dem igen; `los-import --accept-rejects`"
        " opgiver dem",
    )
