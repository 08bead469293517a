"""The same idea, written for three families of models."""

import burnish

IDEA = "compare these two contracts and list what changed for the tenant, in a table"

with burnish.open() as p:
    for target in ("claude", "gpt", "llama3.2"):
        made = p.enhance(IDEA, target=target)
        print(f"--- {target}: {', '.join(t.title for t in made.best.techniques)}")
        print(made.text[:400], "\n")
