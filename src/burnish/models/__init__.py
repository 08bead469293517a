"""Language models behind one port: `model.py` is the port, `call.py` the one way through it."""
