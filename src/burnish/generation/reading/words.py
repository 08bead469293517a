"""Word lists that the readers share: English first, then the languages ideas often come in."""

from __future__ import annotations

import re
from collections.abc import Mapping

NUMBER_WORDS: Mapping[str, int] = {
    word: number
    for number, words in enumerate(
        (
            "one a_single un_solo einen", "two dos deux zwei dois due", "three tres trois drei três tre",
            "four cuatro quatre vier quatro quattro", "five cinco cinq fünf cinque",
            "six seis sechs sei", "seven siete sept sieben sete sette", "eight ocho huit acht oito otto",
            "nine nueve neuf neun nove", "ten diez dix zehn dez dieci", "eleven", "twelve doce douze zwölf",
        ),
        start=1,
    )
    for word in words.replace("_", " ").split()
}  # fmt: skip
NUMBER = r"(?:\d+(?:[.,]\d+)?k?|" + "|".join(w for w in NUMBER_WORDS if w not in ("a", "sei")) + ")"

# Names under which people ask for a language, in English and in the language itself.
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "Arabic": ("arabic", "العربية"),
    "Bengali": ("bengali", "bangla"),
    "Bulgarian": ("bulgarian",),
    "Catalan": ("catalan", "català"),
    "Chinese": ("chinese", "mandarin", "simplified chinese", "traditional chinese", "中文", "汉语"),
    "Croatian": ("croatian", "hrvatski"),
    "Czech": ("czech", "čeština", "česky"),
    "Danish": ("danish", "dansk"),
    "Dutch": ("dutch", "nederlands"),
    "English": (
        "english",
        "inglés",
        "ingles",
        "anglais",
        "englisch",
        "inglês",
        "inglese",
        "engels",
    ),
    "Finnish": ("finnish", "suomi", "suomeksi"),
    "French": ("french", "français", "francais", "francés", "französisch", "francês", "francese"),
    "German": ("german", "deutsch", "deutsche", "alemán", "allemand", "alemão", "tedesco", "duits"),
    "Greek": ("greek", "ελληνικά"),
    "Hebrew": ("hebrew", "עברית"),
    "Hindi": ("hindi", "हिंदी", "हिन्दी"),
    "Hungarian": ("hungarian", "magyar", "magyarul"),
    "Indonesian": ("indonesian", "bahasa indonesia"),
    "Italian": ("italian", "italiano", "italien", "italienisch"),
    "Japanese": ("japanese", "日本語", "japonés", "japonais", "japanisch"),
    "Korean": ("korean", "한국어"),
    "Norwegian": ("norwegian", "norsk"),
    "Persian": ("persian", "farsi", "فارسی"),
    "Polish": ("polish", "polski", "polnisch"),
    "Portuguese": ("brazilian portuguese", "portuguese", "português", "portugués", "portugais"),
    "Romanian": ("romanian", "română"),
    "Russian": ("russian", "русский", "русском", "ruso", "russe", "russisch"),
    "Serbian": ("serbian", "srpski"),
    "Spanish": ("spanish", "español", "espanol", "espagnol", "spanisch", "espanhol", "spagnolo"),
    "Swahili": ("swahili", "kiswahili"),
    "Swedish": ("swedish", "svenska"),
    "Tagalog": ("tagalog", "filipino"),
    "Thai": ("thai", "ไทย"),
    "Turkish": ("turkish", "türkçe"),
    "Ukrainian": ("ukrainian", "українська", "українською"),
    "Urdu": ("urdu",),
    "Vietnamese": ("vietnamese", "tiếng việt"),
    "Welsh": ("welsh", "cymraeg"),
}
_PLAIN_NAMES = {name: language for language, names in LANGUAGES.items() for name in names}
LANGUAGE_OF_NAME: Mapping[str, str] = {
    **_PLAIN_NAMES,
    # "ins Englische", "aus dem Deutschen"
    **{
        f"{name.removesuffix('e')}{ending}": language
        for name, language in _PLAIN_NAMES.items()
        if name.endswith(("isch", "deutsch"))
        for ending in ("e", "en")
    },
}
# Words that alone say in which language: "po polsku", "по-русски".
IN_LANGUAGE: Mapping[str, str] = {
    "po polsku": "Polish", "po angielsku": "English", "po niemiecku": "German",
    "po francusku": "French", "česky": "Czech", "anglicky": "English", "magyarul": "Hungarian",
    "angolul": "English", "suomeksi": "Finnish", "englanniksi": "English", "по-русски": "Russian",
    "по-английски": "English", "українською": "Ukrainian", "англійською": "English",
    "türkçe olarak": "Turkish", "på svenska": "Swedish", "på norsk": "Norwegian",
    "på dansk": "Danish", "på engelska": "English", "in het nederlands": "Dutch",
    "in het engels": "English", "日本語で": "Japanese", "英語で": "English", "用中文": "Chinese",
    "用英文": "English", "한국어로": "Korean", "영어로": "English", "بالعربية": "Arabic",
    "بالإنجليزية": "English",
}  # fmt: skip
LANGUAGE = (
    "(?:" + "|".join(sorted(map(re.escape, LANGUAGE_OF_NAME), key=len, reverse=True)) + r")\b"
)
LANGUAGE_OF_CODE: Mapping[str, str] = {
    "ar": "Arabic", "bn": "Bengali", "bg": "Bulgarian", "ca": "Catalan", "zh": "Chinese",
    "hr": "Croatian", "cs": "Czech", "da": "Danish", "nl": "Dutch", "en": "English",
    "fi": "Finnish", "fr": "French", "de": "German", "el": "Greek", "he": "Hebrew", "hi": "Hindi",
    "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "no": "Norwegian", "fa": "Persian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sr": "Serbian", "es": "Spanish", "sw": "Swahili", "sv": "Swedish",
    "tl": "Tagalog", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu",
    "vi": "Vietnamese", "cy": "Welsh",
}  # fmt: skip

TONES = (
    "friendly", "formal", "informal", "casual", "professional", "polite", "funny", "humorous",
    "witty", "persuasive", "warm", "serious", "playful", "sarcastic", "empathetic", "neutral",
    "confident", "enthusiastic", "inspiring", "dramatic", "romantic", "scary", "upbeat",
    "conversational", "academic", "diplomatic", "firm", "apologetic", "sincere", "poetic",
    "cheerful", "matter-of-fact", "encouraging", "respectful", "urgent", "melancholic", "creepy",
    "formell", "freundlich", "lustig", "höflich", "sachlich", "förmlich",
    "amable", "divertido", "profesional", "cercano", "cordial", "amical", "drôle", "formel",
    "professionnel", "chaleureux", "amigável", "divertido", "profissional", "amichevole",
    "divertente", "professionale",
)  # fmt: skip

# People an answer can be meant for. Endings (-ers, -ists, …) cover the trades.
PEOPLE = (
    "boss", "manager", "managers", "ceo", "cto", "cfo", "team", "teammates", "colleague",
    "colleagues", "coworker", "coworkers", "client", "clients", "customer", "customers", "user",
    "users", "kid", "kids", "child", "children", "toddler", "toddlers", "teen", "teens",
    "teenager", "teenagers", "student", "students", "pupils", "class", "grandma", "grandmother",
    "grandpa", "grandfather", "mom", "mum", "mother", "dad", "father", "parents", "wife",
    "husband", "partner", "girlfriend", "boyfriend", "daughter", "son", "sister", "brother",
    "friend", "friends", "neighbor", "neighbour", "neighbours", "landlord", "teacher", "teachers",
    "professor", "doctor", "doctors", "nurse", "nurses", "patient", "patients", "beginner",
    "beginners", "dummies", "newbie", "newbies", "novices", "expert", "experts", "layman",
    "laypeople", "non-experts", "audience", "executives", "executive", "leadership", "board",
    "investor", "investors", "stakeholders", "engineer", "engineers", "developers", "developer",
    "designers", "lawyers", "journalists", "recruiter", "recruiters", "dentists", "seniors",
    "adults", "employees", "staff", "volunteers", "tourists", "people", "everyone", "women", "men",
    "freshmen", "undergraduates", "jefe", "jefa", "equipo", "clientes", "cliente", "niños", "niño",
    "estudiantes", "principiantes", "madre", "padre", "patron", "chef", "équipe", "clients",
    "enfants", "enfant", "débutants", "étudiants", "chefin", "kunden", "kinder", "kind",
    "anfänger", "schüler", "eltern", "chefe", "crianças", "alunos", "iniciantes", "capo",
    "bambini", "studenti", "principianti",
)  # fmt: skip
PERSON = r"(?:" + "|".join(sorted(map(re.escape, PEOPLE), key=len, reverse=True)) + r")\b"
TRADE = r"[a-z]+(?:ists|ers|ors|ians|eers|ants|yers|men|women)\b"

# What a finished prompt can be given: noun -> name of the variable.
INPUT_NOUNS: Mapping[str, str] = {
    noun: name
    for name, nouns in {
        "article": "article articles artículo articulo artikel articolo artigo",
        "text": "text texts texto texte testo passage paragraph paragraphs sentence sentences wording copy excerpt",
        "email": "email emails e-mail e-mails mail mails correo correos mensagem courriel",
        "document": "document documents doc docs pdf file files documento dokument whitepaper",
        "report": "report reports informe rapport bericht relatório",
        "transcript": "transcript transcripts protokoll recording interview interviews call calls video podcast lecture webinar",
        "notes": "notes notas note notizen appunti minutes",
        "reviews": "review reviews reseñas avis bewertungen recensioni",
        "feedback": "feedback comments comment responses answers testimonials kommentare comentarios commentaires",
        "code": "code function script snippet class method codebase código codice repo program module fonction función funktion funzione função",
        "diff": "diff patch pr",
        "log": "log logs stacktrace traceback",
        "contract": "contract contracts agreement lease nda terms policy contrato vertrag contrat",
        "paper": "paper papers study abstract thesis studie étude estudio",
        "resume": "resume résumé cv resumes cvs lebenslauf",
        "job_description": "posting vacancy",
        "data": "data dataset csv spreadsheet table numbers figures daten datos",
        "messages": "message messages chat conversation thread conversations slack",
        "letter": "letter carta lettre brief",
        "essay": "essay essays aufsatz ensayo dissertation",
        "story": "chapter chapters manuscript",
        "ticket": "ticket tickets complaint complaints",
        "invoice": "invoice invoices receipt receipts bill bills rechnung rechnungen factura facturas facture factures fattura fatture",
        "tweets": "tweet tweets posts post",
        "query": "query sql",
        "spec": "spec specs specification requirements brief rfp",
        "transactions": "transactions statement statements",
        "slides": "slides deck presentation",
        "survey": "survey surveys questionnaire",
    }.items()
    for noun in nouns.split()
}  # fmt: skip


def number(text: str) -> int | float | None:
    """`5`, `five`, `1.5`, `2k` as a number."""
    word = text.strip().lower()
    if word in NUMBER_WORDS:
        return NUMBER_WORDS[word]
    times = 1000 if word.endswith("k") else 1
    digits = word.removesuffix("k")
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3})+", digits):
        digits = digits.replace(",", "").replace(".", "")
    try:
        value = float(digits.replace(",", ".")) * times
    except ValueError:
        return None
    return int(value) if value.is_integer() else value


# How each kind of material begins, so that nobody wonders what belongs into a variable.
_EXAMPLES: Mapping[str, str] = {
    "article": "The town council voted on Tuesday to close the bridge for repairs until …",
    "text": "Paste the whole text here, as it is, with its headings and line breaks …",
    "email": "From: Ana Ruiz. Subject: Order 4711 arrived damaged. Hello, the parcel that …",
    "document": "1. Purpose. This document describes how visitors are registered and …",
    "report": "Revenue rose by 4 % to 2.1 million in the second quarter, while costs …",
    "transcript": "Ana: Shall we start with the release? Ben: Yes, the tests are green, but …",
    "notes": "Release moved to Friday. Ben asks legal about the banner. Open: who tests …",
    "reviews": "5 stars: quiet and quick. 2 stars: the lid broke after a week and nobody …",
    "feedback": "The search is fast, but I never find the export button. Ana, team lead …",
    "code": "def total(prices): return sum(price for price in prices if price is not None)",
    "diff": "--- a/cart.py +++ b/cart.py @@ -3,1 +3,1 @@ -total = 0 +total = Decimal(0)",
    "log": "2026-03-02 10:14:07 ERROR worker 3: connection refused by db-1 after 3 tries",
    "contract": "The tenant pays the rent by the third working day of each month. Notice of …",
    "paper": "Abstract. We study how sleep affects recall in 120 adults over six weeks …",
    "resume": "Ana Ruiz, data analyst. 2021 to today: Acme, built the weekly sales report …",
    "job_description": "We look for a nurse (32 hours) for our day clinic, with experience in …",
    "data": "month,region,units,returns / January,North,120,4 / January,South,95,11 …",
    "messages": "10:02 Ben: is the server down? 10:03 Ana: looking. 10:09 Ana: disk was full …",
    "letter": "Dear Ms Ruiz, thank you for your application. We would like to meet you on …",
    "essay": "The printing press changed more than reading. Before 1450 a book cost as much …",
    "story": "The lighthouse had been dark for a year when Mara found the key under …",
    "ticket": "Ticket 812: cannot log in since the update, tried two browsers, error 403 …",
    "invoice": "Invoice 2026-118, 3 March 2026, Acme Ltd: 12 chairs at 49.00, total 588.00 …",
    "tweets": "New bike lane on Mill Street opens today. Who tried it already? Photos below …",
    "query": "SELECT region, SUM(units) FROM sales WHERE month = 'January' GROUP BY region",
    "spec": "The form asks for name and e-mail. Both are required. On success it shows …",
    "transactions": "2026-03-01 Market Hall 23.40; 2026-03-02 Rent 780.00; 2026-03-03 Tram 2.80",
    "slides": "Slide 1: Why we lose customers in week two. Slide 2: What they told us …",
    "survey": "Question 3, how do you travel to work? Bus 41 %, bicycle 33 %, car 26 % …",
}


def example_of(name: str) -> str:
    return _EXAMPLES.get(name, _EXAMPLES["text"])
