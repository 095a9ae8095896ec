"""Imported first by the server that workers are forked from.

While it loads torch and the exercises, no garbage is collected: nearly all that is made then stays,
and looking through it again and again takes a fifth of the time. Workers collect theirs.
"""

import gc

gc.disable()
