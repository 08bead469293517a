"""Which is better: variants compared by statistics that say how sure they are."""
