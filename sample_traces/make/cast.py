"""Who speaks in the samples: every voice is a synthesiser's."""

from voices import espeak, flite

FRONT_DESK = flite("slt", mean=172, spread=68)
POLICY_DESK = flite("awb", mean=160, spread=24, stretch=1.04)
BOOKING_DESK = flite("awb", mean=128, spread=24, stretch=0.96)
COMPANION = flite("slt", mean=212, spread=95, stretch=0.92)
COMPANION_FLAT = flite("slt", mean=212, spread=2, stretch=0.92)

JUNE = espeak("en-us+f3", pitch=45, words_per_minute=160)
ARTHUR = espeak("en-gb", pitch=38, words_per_minute=150)
MARIA = espeak("en-us+f2", pitch=58, words_per_minute=172)
TOM = flite("rms", stretch=0.95)
HELEN = espeak("en-gb-x-rp+f4", pitch=52, words_per_minute=165)
LEO = flite("awb", mean=108, spread=18, stretch=1.04)
ALAN = espeak("en-us+Gene", pitch=42, words_per_minute=155)
DEV = espeak("en-us+m7", pitch=55, words_per_minute=175)
NORA = espeak("en-us+Annie", pitch=40, words_per_minute=160)
GRACE = flite("slt", mean=150, spread=50, stretch=1.12)
PATRICK = espeak("en-gb-x-rp+m3", pitch=60, words_per_minute=170)
