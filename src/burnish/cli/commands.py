"""Every command: its name, where it is, what it does, and an example."""

from __future__ import annotations

from burnish.cli.dataset_commands import DATASETS
from burnish.cli.evaluation_commands import EVALUATE, EVALUATIONS
from burnish.cli.experiment_commands import EXPERIMENTS
from burnish.cli.job_commands import AUDIT, JOBS, KEYS, PROJECTS, SCHEDULE, USERS, WEBHOOKS
from burnish.cli.machine_commands import CACHE, COMPLETION, CONFIG, DB
from burnish.cli.optimization_commands import OPTIMIZATIONS, OPTIMIZE

Command = tuple[str, str, str, str]

COMMANDS: tuple[Command, ...] = (
    (
        "generate",
        "compose:generate",
        "Make a finished prompt from a rough idea and store it.",
        'burnish generate "summarize this article in 5 bullets" --name a/digest',
    ),
    (
        "enhance",
        "compose:enhance",
        "Keep a text word for word and add what it lacks.",
        'burnish enhance "Tell Ann that the parcel is late." --variations 3',
    ),
    (
        "analyze",
        "compose:analyze",
        "Tell what a text asks for: intent, complexity, techniques.",
        'burnish analyze "translate this, then summarise it"',
    ),
    (
        "redact",
        "redact:redact",
        "Show which personal data would be taken out of a text.",
        'burnish redact "Ask ann@example.org for the invoice." --json',
    ),
    (
        "batch",
        "batch:batch",
        "Make a prompt from each idea in a file.",
        "burnish batch ideas.csv --workers 8 --skip-errors",
    ),
    *EVALUATE,
    *OPTIMIZE,
    (
        "import",
        "files:import_",
        "Bring prompt files into the library.",
        "burnish import prompts/ --dry-run",
    ),
    (
        "export",
        "files:export",
        "Write prompts to files.",
        "burnish export prompts.zip",
    ),
    (
        "sync",
        "sync:sync",
        "Keep prompts as files in git, both ways.",
        "burnish sync ./prompts --dry-run",
    ),
    (
        "serve",
        "serve:serve",
        "Answer requests over HTTP.",
        "burnish serve --port 8080",
    ),
    ("worker", "worker:worker", "Run queued jobs and schedules.", "burnish worker --once"),
    (
        "feedback",
        "feedback:feedback",
        "Say how good an answer was, or see what was said.",
        'burnish feedback mail/late@2 --thumb down --comment "too long"',
    ),
    ("search", "search:search", "Find prompts by words and by meaning.", "burnish search soup"),
    (
        "stats",
        "stats:stats",
        "What runs and prompts add up to.",
        "burnish stats --by prompt --days 30",
    ),
    (
        "report",
        "report:report",
        "What a day, a week or a month came to.",
        "burnish report --monthly --report month.html",
    ),
    (
        "techniques",
        "catalogs:techniques",
        "List prompting techniques, or show one.",
        "burnish techniques --category reasoning --intent planning",
    ),
    ("scorers", "scorers:scorers", "List scorers, or show one.", "burnish scorers numeric"),
    ("personas", "catalogs:personas", "List personas, or show one.", "burnish personas writing"),
    ("version", "machine:version", "Print the version.", "burnish version --json"),
    (
        "doctor",
        "machine:doctor",
        "Check this installation and say how to mend it.",
        "burnish doctor",
    ),
)
PROMPTS: tuple[Command, ...] = (
    (
        "list",
        "prompts:list_",
        "List prompts, best rated first.",
        "burnish prompts list --category ops --top 10",
    ),
    (
        "show",
        "prompts:show",
        "Show one version with its variables.",
        "burnish prompts show news/digest@production",
    ),
    (
        "create",
        "prompts:create",
        "Store a text as a prompt, or as its next revision.",
        'burnish prompts create mail/late "Tell {{ name }} it will be late."',
    ),
    (
        "edit",
        "prompts:edit",
        "Store a changed text as the next revision.",
        'burnish prompts edit mail/late --file late.txt -m "Say when it comes"',
    ),
    (
        "render",
        "prompts:render",
        "Fill in the variables and print the result.",
        "burnish prompts render ops/actions --var notes=@notes.txt",
    ),
    (
        "run",
        "complete:run",
        "Fill in the variables, ask a model and print its answer.",
        "burnish prompts run ops/actions --var notes=@notes.txt --model openai",
    ),
    (
        "history",
        "versions:history",
        "Who changed what, when and why.",
        "burnish prompts history news/digest --texts",
    ),
    (
        "diff",
        "versions:diff",
        "Compare two versions word by word.",
        "burnish prompts diff news/digest@1 news/digest@2",
    ),
    (
        "label",
        "versions:label",
        "Move, remove or list labels such as production.",
        'burnish prompts label news/digest production 2 -m "wins on the tests"',
    ),
    (
        "rollback",
        "versions:rollback",
        "Bring an old revision back as a new one.",
        "burnish prompts rollback news/digest 1",
    ),
    (
        "branch",
        "branches:branch",
        "Begin, list or take away branches.",
        "burnish prompts branch news/digest shorter",
    ),
    (
        "merge",
        "branches:merge",
        "Bring a branch into another.",
        "burnish prompts merge news/digest shorter --take 1=theirs",
    ),
    (
        "revert",
        "branches:revert",
        "Take back what one revision changed.",
        "burnish prompts revert news/digest 2",
    ),
    (
        "copy",
        "branches:copy",
        "Store a version as a prompt of its own.",
        "burnish prompts copy news/digest@2 news/weekly",
    ),
    (
        "blame",
        "origin:blame",
        "Tell who brought each line.",
        "burnish prompts blame news/digest",
    ),
    (
        "graph",
        "origin:graph",
        "Show how versions came from one another.",
        "burnish prompts graph news/digest",
    ),
    (
        "approve",
        "upkeep:approve",
        "Approve the move of a protected label.",
        "burnish prompts approve",
    ),
    (
        "archive",
        "upkeep:archive",
        "Put old versions away.",
        "burnish prompts archive news/digest 1 2",
    ),
    (
        "tidy",
        "upkeep:tidy",
        "List prompts that nobody used for long.",
        "burnish prompts tidy --days 180",
    ),
    (
        "delete",
        "prompts:delete",
        "Take a prompt out of the library.",
        "burnish prompts delete mail/late",
    ),
    (
        "restore",
        "prompts:restore",
        "Bring a deleted prompt back.",
        "burnish prompts restore mail/late",
    ),
)
STARTER: tuple[Command, ...] = (
    ("list", "starter:list_", "List ready prompts.", "burnish starter list --category code"),
    (
        "show",
        "starter:show",
        "Show one with its variables and tests.",
        "burnish starter show code/review_diff",
    ),
    (
        "install",
        "starter:install",
        "Take ready prompts into your library.",
        "burnish starter install code/review_diff plan/trip",
    ),
)
PACKS: tuple[Command, ...] = (
    (
        "build",
        "packs:build",
        "Make a pack of prompts to share.",
        "burnish packs build news-desk --prompts news/ --licence CC-BY-4.0",
    ),
    (
        "preview",
        "packs:preview",
        "Look into a pack before you take it.",
        "burnish packs preview news-desk.zip",
    ),
    (
        "install",
        "packs:install",
        "Store the prompts of a pack in your library.",
        "burnish packs install news-desk.zip --prefix team",
    ),
    ("update", "packs:update", "Take what is new in a pack.", "burnish packs update news-desk"),
    ("list", "packs:list_", "List the installed packs.", "burnish packs list"),
    ("show", "packs:show", "Show a pack with its prompts.", "burnish packs show news-desk"),
    (
        "verify",
        "packs:verify",
        "Tell which prompts of a pack you changed.",
        "burnish packs verify news-desk",
    ),
    (
        "uninstall",
        "packs:uninstall",
        "Take a pack away, but what you made your own.",
        "burnish packs uninstall news-desk --dry-run",
    ),
    (
        "keygen",
        "packs:keygen",
        "Make a key to sign packs with.",
        "burnish packs keygen ~/.ssh/burnish-packs",
    ),
)
MODELS: tuple[Command, ...] = (
    (
        "list",
        "models:list_",
        "List providers, or the models that they have.",
        "burnish models list --all",
    ),
    (
        "check",
        "models:check",
        "Ask providers who answers, and how fast.",
        "burnish models check openai",
    ),
    (
        "pull",
        "models:pull",
        "Fetch the weights of a local model.",
        "burnish models pull smollm2-135m",
    ),
)
JUDGE: tuple[Command, ...] = (
    ("check", "judge:check", "Compare a judge with people.", "burnish judge check --model openai"),
)
RUNS: tuple[Command, ...] = (
    (
        "list",
        "runs:list_",
        "List runs, newest first.",
        "burnish runs list --model openai:gpt-5-mini --failed --since 7d",
    ),
    ("show", "runs:show", "Show one run with all its attempts.", "burnish runs show 019a"),
    (
        "export",
        "runs:export",
        "Write runs as JSON, one a line.",
        "burnish runs export --jsonl runs.jsonl --days 30",
    ),
    ("import", "runs:import_", "Take in runs from such lines.", "burnish runs import runs.jsonl"),
    (
        "forget",
        "runs:forget",
        "Delete old runs; statistics keep them.",
        "burnish runs forget --older-than 90d",
    ),
)


KNOWLEDGE: tuple[Command, ...] = (
    (
        "add",
        "knowledge:add",
        "Take in a file, a folder or standard input.",
        "burnish knowledge add handbook.md --tag support",
    ),
    ("list", "knowledge:list_", "List the documents.", "burnish knowledge list --tag support"),
    (
        "show",
        "knowledge:show",
        "Show a document and its pieces.",
        "burnish knowledge show handbook.md",
    ),
    (
        "search",
        "knowledge:search",
        "Find pieces by words and by meaning.",
        'burnish knowledge search "late parcels"',
    ),
    (
        "remove",
        "knowledge:remove",
        "Take documents out, with all that was made of them.",
        "burnish knowledge remove handbook.md",
    ),
    (
        "refresh",
        "knowledge:refresh",
        "Read files again that changed.",
        "burnish knowledge refresh",
    ),
)

GROUPS = (
    ("prompts", "Keep prompts over time: versions, labels, rendering.", PROMPTS),
    ("starter", "Ready prompts that come with Burnish.", STARTER),
    ("knowledge", "Texts of your own that prompts take their facts from.", KNOWLEDGE),
    ("datasets", "Examples to try prompts on, kept as versions.", DATASETS),
    ("evaluations", "What was evaluated, and what came of it.", EVALUATIONS),
    ("experiments", "Which variant is better, and how many units that takes.", EXPERIMENTS),
    ("optimizations", "Searches for a better prompt, and what they found.", OPTIMIZATIONS),
    ("packs", "Sets of prompts to share and to install.", PACKS),
    ("models", "Language models: which there are, who answers, local weights.", MODELS),
    ("judge", "Models that judge answers, and how far to trust them.", JUDGE),
    ("runs", "What was run: every call with its tokens, cost and errors.", RUNS),
    ("jobs", "Long work: how far it is, how it ended, going on with it.", JOBS),
    ("schedule", "Jobs that begin at set times, kept by burnish worker.", SCHEDULE),
    ("keys", "What programs show to the server.", KEYS),
    ("users", "The people who sign in to a server.", USERS),
    ("projects", "What of a server is kept apart, and for whom.", PROJECTS),
    ("webhooks", "Who is told what happens.", WEBHOOKS),
    ("audit", "Who changed what, when and from where.", AUDIT),
    ("cache", "Answers of models that are remembered.", CACHE),
    ("db", "The database itself: copies, room, tables.", DB),
    ("config", "Settings and where they come from.", CONFIG),
    ("completion", "Shell completion.", COMPLETION),
)
