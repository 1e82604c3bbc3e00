/*
 * Records of binary XML that both codecs must read alike, and messages that both must refuse. Hex,
 * with blanks. The first ones are those of other readers of .NET's format (Mono's,
 * python-wcfbin's).
 */
#pragma once

/* Behind `40 01 78`, the start of an element x: the text of the element. */
static const struct {
	const char *hex, *text;
} nbfx_records[] = {
	{"81", "0"},
	{"83", "1"},
	{"85", "false"},
	{"87", "true"},
	{"b500", "false"},
	{"b501", "true"},
	{"89fe", "-2"},
	{"89fb", "-5"},
	{"8b1401", "276"},
	{"8d00000100", "65536"},
	{"8f0000000000010000", "1099511627776"},
	{"8f0000000000000080", "-9223372036854775808"},
	{"910000c03f", "1.5"},
	{"930000000000000040", "2"},
	{"93000000000000f07f", "INF"},
	{"93000000000000f0ff", "-INF"},
	{"93000000000000f87f", "NaN"},
	{"9500000680000000002d4e000000000000", "-0.020013"},
	{"9500000000000000000000000000000000", "0"},
	{"9500000000ffffffffffffffffffffffff", "79228162514264337593543950335"},
	{"b30100000000000080", "9223372036854775809"},
	{"970000000000000000", "0001-01-01T00:00:00"},
	{"970003bae0032cde48", "2025-11-25T09:20:30Z"},
	{"9787d9cce0032cde48", "2025-11-25T09:20:30.1234567Z"},
	{"af0034e23004000000", "PT30M"},
	{"af0000000000000000", "PT0S"},
	{"afffffffffffffffff", "-PT0.0000001S"},
	{"af0000000000000080", "-P10675199DT2H48M5.4775808S"},
	{"99026869", "hi"},
	{"9b0300c3a978", "\303\251x"},
	{"9d0100000078", "x"},
	{"b7046800e900", "h\303\251"},
	{"b9040068006900", "hi"},
	{"bb0400000068006900", "hi"},
	{"b7043dd800de", "\360\237\230\200"},
	{"a9", ""},
	{"9f03010203", "AQID"},
	{"a1020001ff", "Af8="},
	{"a30100000041", "QQ=="},
	{"9f00", ""},
	{"ab9607", "string"},
	{"ad33221100554477668899aabbccddeeff", "urn:uuid:00112233-4455-6677-8899-aabbccddeeff"},
	{"b133221100554477668899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"},
	{"bd039607", "d:string"},
	{"9801 61 9801 62 01", "ab"},
	{"b706 3800 2e00 3000", "8.0"},
	{"9f0352c7ab", "User"},
	{"b706530065007400", "Set"},
	{"01", ""},
};

/* Whole messages, as XML with an element in a line. */
static const struct {
	const char *hex, *xml;
} nbfx_messages[] = {
	{"400178 0401 61 a4 8805 8807 a6 01", "<x a=\"5 7\"></x>\n"},
	{"400178 0401 61 a4 a6 01", "<x a=\"\"></x>\n"},
	{"400172 03 400161 01 8d 02 01000000 02000000 01", "<r>\n  <a>1</a>\n  <a>2</a>\n</r>\n"},
	{"400172 03 400161 01 b5 03 010001 01",
		"<r>\n  <a>true</a>\n  <a>false</a>\n  <a>true</a>\n</r>\n"},
	{"400172 03 400161 01 8d 00 01", "<r></r>\n"},
	{"400178 020141 01", "<x></x>\n"},
	{"020141 400178 01 020142", "<x></x>\n"},
	{"9801 20 400178 01 9801 0a", "<x></x>\n"},
	/* an attribute's prefix is declared behind it */
	{"400178 0501 70 01 61 82 0901 70 01 75 01", "<x xmlns:p=\"u\" p:a=\"1\"></x>\n"},
	{"410178 0179 090178 0175 01", "<x:y xmlns:x=\"u\"></x:y>\n"},
	{"43 0178 00 090178 0175 01", "<x:mustUnderstand xmlns:x=\"u\"></x:mustUnderstand>\n"},
	{"4200 0a04 01", "<mustUnderstand xmlns=\"http://www.w3.org/2003/05/soap-envelope\">"
			 "</mustUnderstand>\n"},
	{"400178 0503 786d6c 046c616e67 980165 01", "<x xml:lang=\"e\"></x>\n"},
	{"400178 0600 a8 01", "<x mustUnderstand=\"\"></x>\n"},
	{"400178 98053c263e220d 01", "<x>&lt;&amp;&gt;&quot;&#13;</x>\n"},
};

static const char *const nbfx_refused[] = {
	"",
	"400178",       /* not closed */
	"4001780101",   /* ends once more */
	"4001 7801 ff", /* no such record */
	"4001 78c0",
	"40017800",
	"4001787f0178",       /* nor these */
	"400178ab03",         /* an odd id: there is no session */
	"400178ab9f07",       /* odd, and beyond the last */
	"400178abce07",       /* even, and beyond the last */
	"40017801400179",     /* two roots */
	"440299",             /* a: is not declared */
	"400178a488058807a7", /* a list in an element */
	"400178a4",
	"400178a6",
	"400178a7",
	"400178 9905 6869",      /* shorter than its length */
	"400178 9d ffffffff 41", /* a negative length */
	"400178 ab ffffffff7f",
	"40 8080808010",     /* numbers over 31 bits */
	"400178 9901ff",     /* no UTF-8 */
	"400178 990101",     /* a control character */
	"400178 9903efbfbf", /* U+FFFF */
	"400178 b70161",
	"400178 b7023dd8", /* half a character of UTF-16 */
	"400178 b70400de3dd8",
	"400178 b702ffff",
	"400178 b502",                                /* a truth value of 2 */
	"400178 95010006800000000000000000000000 00", /* a decimal's first bytes are 0 */
	"400178 9500001d00000000000000000000000000",  /* its scale is at most 28 */
	"400178 97ffffffffffffff3f",                  /* beyond the year 9999 */
	"400178 9700000000000000c0",                  /* a time of kind 3 */
	"400178 bd1a9607",                            /* a prefix behind z */
	"400178 0401 61 81 01",                       /* an attribute's value with an end */
	"400178 040161 82 040161 82 01",              /* an attribute twice */
	"400178 050170016182 050171016182 090170 0175 090171 0175 01", /* by two prefixes */
	"400178 080175 080176 01",                                     /* two default namespaces */
	"400178 090170 00 01",           /* a prefix declared as nothing */
	"400178 04 05 786d6c6e73 82 01", /* xmlns as an attribute */
	"400178 0903 786d6c 0175 01",
	"4000 01",
	"4001 3c 01",
	"400120 01",
	"400131 01",
	"400100 01", /* names */
	"4202 0a04 01 41",
	"400178 01 9801 61", /* text behind the root */
	"9801 61 400178 01",
	"99012040017801",
	"400172 03 400161 01 8c 01 01000000 01",   /* arrays: an even code */
	"400172 03 400161 01 99 01 01000000 01",   /* of text */
	"400172 03 400161 01 8d ff7f 01000000 01", /* shorter than its number */
	"400172 03 400161 8d 01 01000000 01",      /* its element is not closed */
	"400172 03 01",
	"03 400161 01 8d 00",
	"0178",
};
