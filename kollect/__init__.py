"""コレクト (kollect): collects customers' mail addresses from blank mails.

The stages of one poll stand in the order of the folders: `inbox` fetches, `decision` says what a
mail is, `register` gives the number, `reply` answers; only `collector` joins them.
"""

__version__ = "1.0.0"
