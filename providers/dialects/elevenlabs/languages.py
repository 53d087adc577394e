"""Languages, which ElevenLabs calls by ISO 639-3 and most others by ISO 639-1.

https://elevenlabs.io/docs/capabilities/speech-to-text#supported-languages
"""

import re

SHORT: dict[str, str] = dict(
    re.findall(
        r"(\w+):(\w+)",
        """
        afr:af amh:am ara:ar asm:as aze:az bel:be ben:bn bos:bs bul:bg cat:ca ces:cs cmn:zh
        cym:cy dan:da deu:de ell:el eng:en est:et fas:fa fil:tl fin:fi fra:fr glg:gl guj:gu
        hau:ha heb:he hin:hi hrv:hr hun:hu hye:hy ind:id isl:is ita:it jav:jv jpn:ja kan:kn
        kat:ka kaz:kk khm:km kor:ko lao:lo lav:lv lin:ln lit:lt ltz:lb mal:ml mar:mr mkd:mk
        mlt:mt mon:mn mri:mi msa:ms mya:my nep:ne nld:nl nor:no oci:oc pan:pa pol:pl por:pt
        pus:ps ron:ro rus:ru slk:sk slv:sl sna:sn snd:sd som:so spa:es srp:sr swa:sw swe:sv
        tam:ta tel:te tgk:tg tha:th tur:tr ukr:uk urd:ur uzb:uz vie:vi yor:yo zho:zh
        """,
    )
)
"""ISO 639-3 → ISO 639-1, of languages in which people speak to both."""
LONG = {short: long for long, short in SHORT.items()}
