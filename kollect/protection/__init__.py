"""「データを保護する」: the code, its keys, and the way from plain files to encrypted ones.

Knows how a data folder changes from one to the other, not who asks for it.
"""
