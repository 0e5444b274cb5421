"""Records what expat tells of seeded mutations of documents, for events.rs.

    python3.14 record.py [FIRST LAST] > events.txt

A case is a line with what is parsed and how, then a line for each event: its kind, byte index, line, column, and what it
comes with. `~` is None; bytes that are no plain characters are written as %XX.
"""

import random
import sys
from xml.parsers import expat

DOCUMENTS = [
    '<?xml version="1.0" encoding="utf-8"?>\n<!-- c -->\n<root a="1" b=\'x &amp; y\'>text &lt; <b>\xe9\r\n</b><![CDATA[<raw> ]] ]]> &#65;&#x42; <e/>\n</root>\n<?pi data?>',
    '<!DOCTYPE r [<!ELEMENT r (a,(b|c)*,d?)+><!ATTLIST r x CDATA "d v" y (p|q) #REQUIRED z ID #IMPLIED n NMTOKENS " a  b " f CDATA #FIXED "f" o NOTATION (n|m) "n"><!ENTITY e "some <a>t</a> &f;"><!ENTITY f "x&#38;#38;y"><!NOTATION n PUBLIC "p  q" ><!NOTATION m SYSTEM "s"><!ENTITY u SYSTEM "sys" NDATA n><!ENTITY ext PUBLIC "pub" "sys2"><!ENTITY % pe "<!ENTITY inpe \'v\'>">%pe;]><r y="p" n="  q   r ">&e; &inpe; &ext;<a q="&f;"/></r>',
    '<a:x xmlns:a="urn:a" xmlns="urn:d" a:p="1" q="2"><y xmlns="" a:r="3"/><a:z xmlns:a="urn:b"/></a:x>',
    '<!DOCTYPE doc PUBLIC "-//X//Y" "file.dtd" [\n<!ENTITY a "1">\n<!ELEMENT doc ANY>\n<!ELEMENT e EMPTY>\n<!ELEMENT m (#PCDATA|x|y)*>\n<!ELEMENT p (#PCDATA)>\n]>\n<doc>&a;&undefined;<e></e></doc>',
    '<?xml version="1.0" standalone="yes"?><!DOCTYPE d SYSTEM "x"><d xml:lang="en">]] ] &quot;&apos;&gt;\t<?t  u v ?></d>\r\n\r',
    '<!DOCTYPE r [<!ENTITY x "&y;"><!ENTITY y "&x;"><!ENTITY big "&g;&g;"><!ENTITY g "<q>">]><r at="&lt;">&g;</q>&x;</r>',
    '<!DOCTYPE r SYSTEM "d" [<!ENTITY % a SYSTEM "pa"><!ENTITY e1 SYSTEM "g1">%a;<!ENTITY v "&#37;w;">]><r>&e1;&frome;&inc;<q w="&frome;"/>&z;</r>',
    '<r xmlns="u" xmlns:p="v"><p:a b="" p:b=""/><c xmlns:p="w" p:d="&#x20; "/></r>',
    '<r><a b="1" b="2"/></r>', '<r>&#0;</r>', '<r>\ufffe</r>',
    '<r>\U0001F600<\u0391\u0300 \u4e00="\u00b7"/></r>',
    '<r xmlns:xml="urn:a"/>', '<r xmlns:p=""/>', '<r xmlns:p="http://www.w3.org/2000/xmlns/"/>',
    '<r xmlns:a="u" xmlns:b="u" a:x="" b:x=""/>', '<r xmlns:a="u!v"><a:b/></r>',
    '<!DOCTYPE r [<!ATTLIST r xmlns:d CDATA "urn:d" d:a CDATA "v"><!ENTITY l "a&lt;b]]&gt;">]><r>&l;<![CDATA[]]></r>',
]
EXTERNAL = [
    '<?xml version="1.0" encoding="utf-8"?><!ENTITY frome "zz"><!ELEMENT q ANY><![INCLUDE[<!ENTITY inc "i">]]><![IGNORE[ <![ ]]> ]]><!ATTLIST r w CDATA "&frome;">',
    'text <b>in ext</b> &e;', '<?xml encoding="utf-8"?>hello', '',
    '<!ENTITY % p1 "x"><!ENTITY % p2 "a%p1;b"><!ENTITY z "%p2;%undef;c"><!ENTITY % q SYSTEM "q"><!ENTITY late "l%q;m">%q;<!ELEMENT w (%p1;)>',
    '<q/></q>', ' ', '<!ENTITY % content "<!ELEMENT k (a|b)>">%content;<!ENTITY i "%content;">',
]
BITS = ['<', '>', '&', ';', '"', "'", '%', '[', ']', ']]>', '<!--', '-->', '<?', '?>', '<![CDATA[', '&#x41;', '&e;',
        '%pe;', ' ', '\n', '\r', '\r\n', '\t', '<!ENTITY q "r">', '<!ATTLIST r k CDATA #IMPLIED>', '<!ELEMENT', '(', ')',
        '|', ',', '*', '+', '?', '#', '=', ':', '/', 'xmlns:z="u"', '\xe9', '\u0391', '\u4e00', '\U0001F600', '\x00',
        '\x7f', '\x80', '\uffff', '-', '--', 'xml', 'SYSTEM', 'PUBLIC', 'ANY', 'EMPTY', '#PCDATA', '<a>', '</a>',
        '<a/>', '&lt;', 'CDATA', '<!DOCTYPE r [', ']>']
KINDS = ['StartElement', 'EndElement', 'ProcessingInstruction', 'CharacterData', 'UnparsedEntityDecl', 'NotationDecl',
         'StartNamespaceDecl', 'EndNamespaceDecl', 'Comment', 'StartCdataSection', 'EndCdataSection', 'Default',
         'DefaultExpand', 'NotStandalone', 'ExternalEntityRef', 'StartDoctypeDecl', 'EndDoctypeDecl', 'EntityDecl',
         'XmlDecl', 'ElementDecl', 'AttlistDecl', 'SkippedEntity']


def mutate(rng, text):
    for _ in range(rng.choice([0, 0, 0, 1, 1, 2])):
        at = rng.randrange(len(text) + 1)
        match rng.randrange(5):
            case 0:
                text = text[:at] + rng.choice(BITS) + text[at:]
            case 1:
                text = text[:at] + text[at + rng.randrange(1, 4):]
            case 2:
                first, last = sorted((at, rng.randrange(len(text) + 1)))
                text = text[:at] + text[first:min(last, first + 20)] + text[at:]
            case 3:
                text = text[:at]
            case _:
                text = text[:at] + rng.choice(BITS) + text[at + 1:]
    return text


def plain(value):
    if value is None:
        return '~'
    if isinstance(value, tuple):
        return '(' + ' '.join(map(plain, value)) + ')'
    if isinstance(value, list):
        return '[' + ' '.join(map(plain, value)) + ']'
    data = str(value).encode('utf-8', 'surrogatepass')
    return ''.join(chr(b) if chr(b).isalnum() and b < 128 or b in b'.:_-' else f'%{b:02X}' for b in data) or "''"


def hook(parser, case, out):
    def handler(kind):
        def handle(*args):
            args = [sorted(a.split('\f')) if isinstance(a, str) and '\f' in a else a for a in args]
            place = parser.CurrentByteIndex, parser.CurrentLineNumber, parser.CurrentColumnNumber
            out.append(' '.join([kind, *map(plain, place), *map(plain, args)]))
            if kind == 'NotStandalone':
                return case['standalone']
            if kind == 'ExternalEntityRef':
                reply = case['replies'].pop(0) if case['replies'] else 1
                if isinstance(reply, int):
                    return reply
                context = args[0]
                if isinstance(context, list):
                    context = '\f'.join(context)
                sub = parser.ExternalEntityParserCreate(context)
                hook(sub, case, out)
                feed(sub, reply, 0, out)
                return 1
        return handle
    for number, kind in enumerate(KINDS):
        if case['kinds'] >> number & 1:
            attribute = 'DefaultHandlerExpand' if kind == 'DefaultExpand' else kind + 'Handler'
            setattr(parser, attribute, handler(kind))


def feed(parser, data, chunk, out):
    try:
        if chunk:
            while data:
                parser.Parse(data[:chunk], False)
                data = data[chunk:]
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError):
        # A LookupError tells of an encoding that is not known.
        place = parser.ErrorByteIndex, parser.ErrorLineNumber, parser.ErrorColumnNumber
        out.append(' '.join(map(str, ['error', parser.ErrorCode, *place])))


def make(seed):
    rng = random.Random(seed)
    text = mutate(rng, rng.choice(DOCUMENTS))
    known = ['utf-8', 'iso-8859-1', 'us-ascii', 'utf-16', 'UTF-16LE']
    encoding = rng.choice(['utf-8'] * 8 + ['utf-16', 'utf-16-le', 'utf-16-be', 'latin-1', 'utf-8-sig', 'ascii'])
    if rng.randrange(6) == 0 and not text.startswith('<?xml'):
        text = f'<?xml version="1.0" encoding="{rng.choice(known)}"?>' + text
    data = text.encode(encoding, 'replace')
    if rng.randrange(20) == 0:
        at = rng.randrange(len(data) + 1)
        data = data[:at] + bytes([rng.randrange(256)]) + data[at:]
    kinds = (1 << len(KINDS)) - 1
    no_default = kinds & ~(3 << KINDS.index('Default'))
    replies = [rng.choice([0, 1, 1, *(mutate(rng, e).encode() for e in EXTERNAL)]) for _ in range(rng.randrange(4))]
    return {
        'data': data,
        'encoding': rng.choice([None] * 9 + ['utf-8', 'iso-8859-1', 'utf-16', 'us-ascii']),
        'separator': rng.choice([None, None, '!', ' ', '', ':']),
        'kinds': rng.choice([kinds, no_default, no_default, rng.randrange(kinds)]),
        'parameter': rng.randrange(3),
        'triplets': rng.randrange(2),
        'foreign': rng.randrange(8) == 0,
        'deferral': rng.randrange(2),
        'chunk': rng.choice([0, 0, 1, 7, 64]),
        'standalone': rng.choice([0, 1, 1, 1]),
        'replies': replies,
    }


def run(case):
    replies = ','.join(str(r) if isinstance(r, int) else 'x' + r.hex() for r in case['replies'])
    line = ' '.join(['case', case['data'].hex() or '-', plain(case['encoding']), plain(case['separator']),
                     f"{case['kinds']:x}", *(str(int(case[key])) for key in
                                             ('parameter', 'triplets', 'foreign', 'deferral', 'chunk', 'standalone')),
                     replies or '-'])
    parser = expat.ParserCreate(case['encoding'], case['separator'])
    parser.ordered_attributes = True
    parser.namespace_prefixes = case['triplets']
    parser.SetParamEntityParsing(case['parameter'])
    parser.SetReparseDeferralEnabled(case['deferral'])
    if case['foreign']:
        parser.UseForeignDTD(True)
    out = []
    hook(parser, case, out)
    feed(parser, case['data'], case['chunk'], out)
    print('\n'.join([line, *out]))


if __name__ == '__main__':
    first, last = map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (0, 160)
    for seed in range(first, last):
        run(make(seed))
