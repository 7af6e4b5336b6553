"""The tables of the papers that a run can be set against, as data; `tables.py` reads them."""
