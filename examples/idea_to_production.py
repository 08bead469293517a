"""An idea becomes a version, a label points at it, and an application renders it."""

import burnish

with burnish.open() as p:
    made = p.generate(
        "write a short, friendly reply to a product review, 60 words", name="shop/reply"
    )
    print(made.text, "\n")
    p.prompts.set_label("shop/reply", "production", made.revision or 1, why="first version")

    # What an application does: ask for the name, and let the label decide which version it gets.
    values = {v.name: v.example or "Great kettle, but the lid is stiff." for v in made.variables}
    prompt = p.prompts.render("shop/reply", values)
    print(prompt.reference, "chosen by", prompt.via)
