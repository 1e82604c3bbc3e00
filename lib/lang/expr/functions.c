/*
 * The table of functions of the expression language: what runs, checks types, documents (the
 * manual page adsyncd-expr(7) is made of it) and tests itself (every example is evaluated). A new
 * function is a row here, a prototype in functions_priv.h and a body in the functions_*.c file
 * that it fits.
 */
#include "lang/expr/functions.h"
#include "lang/expr/functions_priv.h"

#include <strings.h>

const struct function functions[] = {
	/* --- certificates --- */
	{"CertExtensionOids", 1, 1, FUNC_MAP | FUNC_NULL, f_certextensionoids, NULL, "Certificates",
		"mvstr CertExtensionOids(bin|str certificate)",
		"The object identifiers of the critical extensions.",
		"CertExtensionOids([userCertificate])", "\"2.5.29.15\""},
	{"CertFormat", 1, 1, FUNC_MAP | FUNC_NULL, f_certformat, NULL, "Certificates",
		"str CertFormat(bin|str certificate)", "The format of the certificate: X509.",
		"CertFormat([userCertificate])", "\"X509\""},
	{"CertFriendlyName", 1, 1, FUNC_MAP | FUNC_NULL, f_certfriendlyname, NULL, "Certificates",
		"str CertFriendlyName(bin|str certificate)",
		"The alias that travels with the certificate; NULL when it has none, as in a "
		"directory.",
		"CertFriendlyName([userCertificate])", "null"},
	{"CertHashString", 1, 1, FUNC_MAP | FUNC_NULL, f_certhashstring, NULL, "Certificates",
		"str CertHashString(bin|str certificate)", "The SHA-1 hash, in upper-case hex.",
		"CertHashString([userCertificate])",
		"\"797E332040037A477E854BAF367E9556973001AE\""},
	{"CertIssuer", 1, 1, FUNC_MAP | FUNC_NULL, f_certissuer, NULL, "Certificates",
		"str CertIssuer(bin|str certificate)",
		"The distinguished name of the issuer, most specific part first.",
		"CertIssuer([userCertificate])", "\"CN=Ada, O=\\\"Fjordline, Ltd\\\", C=NO\""},
	{"CertIssuerDN", 1, 1, FUNC_MAP | FUNC_NULL, f_certissuerdn, NULL, "Certificates",
		"str CertIssuerDN(bin|str certificate)", "The same as CertIssuer.",
		"CertIssuerDN([userCertificate])", "\"CN=Ada, O=\\\"Fjordline, Ltd\\\", C=NO\""},
	{"CertIssuerOid", 1, 1, FUNC_MAP | FUNC_NULL, f_certissueroid, NULL, "Certificates",
		"str CertIssuerOid(bin|str certificate)",
		"The object identifier of the type of the most specific part of the issuer.",
		"CertIssuerOid([userCertificate])", "\"2.5.4.3\""},
	{"CertKeyAlgorithm", 1, 1, FUNC_MAP | FUNC_NULL, f_certkeyalgorithm, NULL, "Certificates",
		"str CertKeyAlgorithm(bin|str certificate)",
		"The object identifier of the algorithm of the public key.",
		"CertKeyAlgorithm([userCertificate])", "\"1.2.840.10045.2.1\""},
	{"CertKeyAlgorithmParams", 1, 1, FUNC_MAP | FUNC_NULL, f_certkeyalgorithmparams, NULL,
		"Certificates", "str CertKeyAlgorithmParams(bin|str certificate)",
		"The DER encoding of the parameters of that algorithm, in upper-case hex.",
		"CertKeyAlgorithmParams([userCertificate])", "\"06082A8648CE3D030107\""},
	{"CertNameInfo", 3, 3, FUNC_MAP | FUNC_NULL, f_certnameinfo, NULL, "Certificates",
		"str CertNameInfo(bin|str certificate, str type, bool issuer)",
		"A name of the subject or of the issuer: SimpleName, EmailName, UpnName, DnsName, "
		"DnsFromAlternativeName or UrlName.",
		"CertNameInfo([userCertificate], \"UpnName\", False)", "\"ada@fjordline.example\""},
	{"CertNotAfter", 1, 1, FUNC_MAP | FUNC_NULL, f_certnotafter, NULL, "Certificates",
		"dt CertNotAfter(bin|str certificate)", "The end of its validity, in UTC.",
		"CertNotAfter([userCertificate])", "\"2036-11-18T09:38:37Z\""},
	{"CertNotBefore", 1, 1, FUNC_MAP | FUNC_NULL, f_certnotbefore, NULL, "Certificates",
		"dt CertNotBefore(bin|str certificate)", "The begin of its validity, in UTC.",
		"CertNotBefore([userCertificate])", "\"2026-11-21T09:38:37Z\""},
	{"CertPublicKeyOid", 1, 1, FUNC_MAP | FUNC_NULL, f_certpublickeyoid, NULL, "Certificates",
		"str CertPublicKeyOid(bin|str certificate)",
		"The object identifier of the public key.", "CertPublicKeyOid([userCertificate])",
		"\"1.2.840.10045.2.1\""},
	{"CertPublicKeyParametersOid", 1, 1, FUNC_MAP | FUNC_NULL, f_certpublickeyparametersoid,
		NULL, "Certificates", "str CertPublicKeyParametersOid(bin|str certificate)",
		"The object identifier in the parameters of the public key; that of the key when "
		"they hold none.",
		"CertPublicKeyParametersOid([userCertificate])", "\"1.2.840.10045.3.1.7\""},
	{"CertSerialNumber", 1, 1, FUNC_MAP | FUNC_NULL, f_certserialnumber, NULL, "Certificates",
		"str CertSerialNumber(bin|str certificate)",
		"The serial number, in upper-case hex.", "CertSerialNumber([userCertificate])",
		"\"0102030405\""},
	{"CertSignatureAlgorithmOid", 1, 1, FUNC_MAP | FUNC_NULL, f_certsignaturealgorithmoid, NULL,
		"Certificates", "str CertSignatureAlgorithmOid(bin|str certificate)",
		"The object identifier of the algorithm of the signature.",
		"CertSignatureAlgorithmOid([userCertificate])", "\"1.2.840.10045.4.3.2\""},
	{"CertSubject", 1, 1, FUNC_MAP | FUNC_NULL, f_certsubject, NULL, "Certificates",
		"str CertSubject(bin|str certificate)",
		"The distinguished name of the subject, most specific part first.",
		"CertSubject([userCertificate])", "\"CN=Ada, O=\\\"Fjordline, Ltd\\\", C=NO\""},
	{"CertSubjectNameDN", 1, 1, FUNC_MAP | FUNC_NULL, f_certsubjectnamedn, NULL, "Certificates",
		"str CertSubjectNameDN(bin|str certificate)", "The same as CertSubject.",
		"CertSubjectNameDN([userCertificate])",
		"\"CN=Ada, O=\\\"Fjordline, Ltd\\\", C=NO\""},
	{"CertSubjectNameOid", 1, 1, FUNC_MAP | FUNC_NULL, f_certsubjectnameoid, NULL,
		"Certificates", "str CertSubjectNameOid(bin|str certificate)",
		"The object identifier of the type of the most specific part of the subject.",
		"CertSubjectNameOid([userCertificate])", "\"2.5.4.3\""},
	{"CertThumbprint", 1, 1, FUNC_MAP | FUNC_NULL, f_certthumbprint, NULL, "Certificates",
		"str CertThumbprint(bin|str certificate)", "The SHA-1 hash, in upper-case hex.",
		"CertThumbprint([userCertificate])",
		"\"797E332040037A477E854BAF367E9556973001AE\""},
	{"CertVersion", 1, 1, FUNC_MAP | FUNC_NULL, f_certversion, NULL, "Certificates",
		"str CertVersion(bin|str certificate)", "The version of the certificate.",
		"CertVersion([userCertificate])", "\"3\""},
	{"IsCert", 1, 1, FUNC_MAP, f_iscert, NULL, "Certificates",
		"bool IsCert(bin|str certificate)", "Can the value be read as a certificate?",
		"IsCert([userCertificate])", "true"},
	{"Thumbprint", 1, 1, FUNC_MAP | FUNC_NULL, f_thumbprint, NULL, "Certificates",
		"str Thumbprint(bin|str)",
		"The SHA-1 hash of bytes, or of the bytes behind base64 text, in upper-case hex.",
		"Thumbprint([userCertificate])", "\"797E332040037A477E854BAF367E9556973001AE\""},

	/* --- conversion --- */
	{"CBin", 2, 2, 0, f_cbin, NULL, "Conversion", "bin CBin(num, num length)",
		"A number as 1 to 8 bytes, the lowest first.", "CBin(514, 4)",
		"{\"base64\": \"AgIAAA==\"}"},
	{"CBool", 1, 1, 0, f_cbool, NULL, "Conversion", "bool CBool(exp)",
		"True for a number that is not 0 and for the text True; False for NULL.",
		"CBool([userAccountControl])", "true"},
	{"CDate", 1, 1, FUNC_MAP | FUNC_NULL, f_cdate, NULL, "Conversion", "dt CDate(str)",
		"A date from text; see DATES. Without a zone it is UTC.",
		"CDate(\"2013-01-10 4:00 PM -8\")", "\"2013-01-11T00:00:00Z\""},
	{"CGuid", 1, 1, FUNC_MAP | FUNC_NULL, f_cguid, NULL, "Conversion", "bin CGuid(str)",
		"The 16 bytes of a GUID as a directory stores them, from its text.",
		"CGuid(\"12345678-9abc-def0-1122-334455667788\")",
		"{\"base64\": \"eFY0Erya8N4RIjNEVWZ3iA==\"}"},
	{"CNum", 1, 1, FUNC_MAP | FUNC_NULL, f_cnum, NULL, "Conversion", "num CNum(str|num|bool)",
		"A number from decimal text.", "CNum(\"00042\")", "42"},
	{"CRef", 1, 1, FUNC_MAP | FUNC_NULL, f_cref, NULL, "Conversion", "ref CRef(str)",
		"Text as a reference, for functions on DNs.", "DNComponent(CRef([dn]), 1)",
		"\"Ada\\\\, the first\""},
	{"CStr", 1, 1, FUNC_MAP | FUNC_NULL, f_cstr, NULL, "Conversion",
		"str CStr(num|ref|bool|dt|str|bin)", "The value as text; bytes as base64.",
		"CStr([userAccountControl])", "\"514\""},
	{"ConvertFromBase64", 1, 2, FUNC_MAP | FUNC_NULL, f_frombase64, NULL, "Conversion",
		"str ConvertFromBase64(str[, Unicode|ASCII|UTF8 encoding])",
		"The text that base64 stands for; UTF-16 unless told.",
		"ConvertFromBase64(\"QQBkAGEA\")", "\"Ada\""},
	{"ConvertFromUTF8Hex", 1, 1, FUNC_MAP | FUNC_NULL, f_fromutf8hex, NULL, "Conversion",
		"str ConvertFromUTF8Hex(str)", "The text whose UTF-8 bytes are given in hex.",
		"ConvertFromUTF8Hex(\"416461\")", "\"Ada\""},
	{"ConvertToBase64", 1, 1, FUNC_MAP | FUNC_NULL, f_tobase64, NULL, "Conversion",
		"str ConvertToBase64(str|bin)", "Bytes as base64; text is encoded as UTF-16 first.",
		"ConvertToBase64([objectGUID])", "\"eFY0Erya8N4RIjNEVWZ3iA==\""},
	{"ConvertToUTF8Hex", 1, 1, FUNC_MAP | FUNC_NULL, f_toutf8hex, NULL, "Conversion",
		"str ConvertToUTF8Hex(str)", "The UTF-8 bytes of text, in upper-case hex.",
		"ConvertToUTF8Hex(\"Ada\")", "\"416461\""},
	{"StringFromGuid", 1, 1, FUNC_MAP | FUNC_NULL, f_stringfromguid, NULL, "Conversion",
		"str StringFromGuid(bin)", "A GUID as text, from its 16 bytes.",
		"StringFromGuid([objectGUID])", "\"12345678-9abc-def0-1122-334455667788\""},
	{"StringFromSid", 1, 1, FUNC_MAP | FUNC_NULL, f_stringfromsid, NULL, "Conversion",
		"str StringFromSid(bin)", "A security identifier as text.",
		"StringFromSid([objectSid])", "\"S-1-5-32-544\""},

	/* --- dates --- */
	{"DateAdd", 3, 3, 0, f_dateadd, NULL, "Dates", "dt DateAdd(str interval, num, dt)",
		"A date moved by a number of years (yyyy), quarters (q), months (m), days (y, d, "
		"w), weeks (ww), hours (h), minutes (n) or seconds (s).",
		"DateAdd(\"m\", 1, CDate(\"2026-01-31\"))", "\"2026-02-28T00:00:00Z\""},
	{"DateFromNum", 1, 1, FUNC_MAP | FUNC_NULL, f_datefromnum, NULL, "Dates",
		"dt DateFromNum(num)", "A date from a FILETIME: 100 nanoseconds since 1601.",
		"DateFromNum(129699324000000000)", "\"2012-01-01T23:00:00Z\""},
	{"FormatDateTime", 2, 2, FUNC_MAP | FUNC_NULL, f_formatdatetime, NULL, "Dates",
		"str FormatDateTime(dt, str format)",
		"A date as text, in a .NET standard or custom format of the invariant culture.",
		"FormatDateTime(CDate(\"2026-11-21\"), \"dddd, d MMMM yyyy\")",
		"\"Saturday, 21 November 2026\""},
	{"Now", 0, 0, FUNC_RANDOM, f_now, NULL, "Dates", "dt Now()",
		"The time of the evaluation, in UTC.", "Now() > CDate(\"2020-01-01\")", "true"},
	{"NumFromDate", 1, 1, FUNC_MAP | FUNC_NULL, f_numfromdate, NULL, "Dates",
		"num NumFromDate(dt)", "The FILETIME of a date.",
		"NumFromDate(CDate(\"2012-01-01T23:00:00Z\"))", "129699324000000000"},

	/* --- directory --- */
	{"DNComponent", 2, 2, FUNC_MAP | FUNC_NULL, f_dncomponent, NULL, "Directory",
		"str DNComponent(ref|str, num)",
		"A part of a DN without the name of its attribute, as it is written, with its "
		"escapes; counted from the left, from 1; NULL when there are fewer.",
		"DNComponent([dn], 1)", "\"Ada\\\\, the first\""},
	{"DNComponentRev", 2, 3, FUNC_MAP | FUNC_NULL, f_dncomponentrev, NULL, "Directory",
		"str DNComponentRev(ref|str, num[, str \"DC\"])",
		"The same, counted from the right; with \"DC\" the parts of type DC are left out.",
		"DNComponentRev([dn], 1, \"DC\")", "\"People\""},
	{"EscapeDNComponent", 1, 1, FUNC_MAP | FUNC_NULL, f_escapedncomponent, NULL, "Directory",
		"str EscapeDNComponent(str)",
		"Text as a value in a DN (RFC 4514); the name of an attribute and = before it "
		"stay.",
		"EscapeDNComponent(\"OU=Fjordline, Ltd\")", "\"OU=Fjordline\\\\, Ltd\""},

	/* --- evaluation --- */
	{"IsBitSet", 2, 2, 0, f_isbitset, NULL, "Evaluation", "bool IsBitSet(num, num flag)",
		"Are all bits of the flag set?", "IsBitSet([userAccountControl], &H2)", "true"},
	{"IsDate", 1, 1, 0, f_isdate, NULL, "Evaluation", "bool IsDate(var)",
		"Would CDate succeed?", "IsDate(\"31/31/2026\")", "false"},
	{"IsEmpty", 1, 1, 0, f_isempty, NULL, "Evaluation", "bool IsEmpty(var)",
		"Is it present, but text without characters?", "IsEmpty(\"\")", "true"},
	{"IsGuid", 1, 1, 0, f_isguid, NULL, "Evaluation", "bool IsGuid(str)",
		"Is the text a GUID, with or without braces?",
		"IsGuid(\"{12345678-9abc-def0-1122-334455667788}\")", "true"},
	{"IsNull", 1, 1, FUNC_LINKS, f_isnull, NULL, "Evaluation", "bool IsNull(var)",
		"Is it absent?", "IsNull([telephoneNumber])", "true"},
	{"IsNullOrEmpty", 1, 1, FUNC_LINKS, f_isnullorempty, NULL, "Evaluation",
		"bool IsNullOrEmpty(var)", "Is it absent or without characters?",
		"IsNullOrEmpty(\"\")", "true"},
	{"IsNumeric", 1, 1, 0, f_isnumeric, NULL, "Evaluation", "bool IsNumeric(var)",
		"Is it a number, or the text of one?", "IsNumeric(\"12\")", "true"},
	{"IsPresent", 1, 1, FUNC_LINKS, f_ispresent, NULL, "Evaluation", "bool IsPresent(var)",
		"The opposite of IsNullOrEmpty.", "IsPresent([mail])", "true"},
	{"IsString", 1, 1, 0, f_isstring, NULL, "Evaluation", "bool IsString(var)", "Is it text?",
		"IsString([objectGUID])", "false"},

	/* --- mathematics --- */
	{"BitAnd", 2, 2, FUNC_MAP, f_bitand, NULL, "Mathematics", "num BitAnd(num, num)",
		"The bits that both have; NULL has none.", "BitAnd([userAccountControl], 2)", "2"},
	{"BitOr", 2, 2, FUNC_MAP, f_bitor, NULL, "Mathematics", "num BitOr(num, num)",
		"The bits that either has.", "BitOr(512, 2)", "514"},
	{"RandomNum", 2, 2, FUNC_RANDOM, f_randomnum, NULL, "Mathematics",
		"num RandomNum(num start, num end)",
		"A random number from start to end, both included. Another one at each evaluation.",
		"RandomNum(7, 7)", "7"},

	/* --- several values --- */
	{"Contains", 2, 3, 0, f_contains, NULL, "Several values",
		"num Contains(mvstr|mvref, str[, CaseSensitive|CaseInsensitive])",
		"The number of the first value that has the text in it, 0 when none has; a "
		"reference must be equal to it.",
		"Contains([proxyAddresses], \"SMTP:\")", "1"},
	{"Count", 1, 1, FUNC_LINKS, f_count, NULL, "Several values", "num Count(mvstr)",
		"The number of values.", "Count([proxyAddresses])", "2"},
	{"Item", 2, 2, FUNC_SAME1, f_item, NULL, "Several values", "var Item(mvstr, num)",
		"One value, counted from 1; an error when there are fewer.",
		"Item([proxyAddresses], 1)", "\"SMTP:ada@fjordline.example\""},
	{"ItemOrNull", 2, 2, FUNC_SAME1, f_itemornull, NULL, "Several values",
		"var ItemOrNull(mvstr, num)",
		"One value, counted from 1; NULL when there are fewer.",
		"ItemOrNull([proxyAddresses], 9)", "null"},
	{"Join", 1, 2, 0, f_join, NULL, "Several values", "str Join(mvstr[, str separator])",
		"All values as one text; with a blank between them unless told.",
		"Join([proxyAddresses], \";\")",
		"\"SMTP:ada@fjordline.example;smtp:countess@fjordline.example\""},
	{"RemoveDuplicates", 1, 1, FUNC_SAME1, f_removeduplicates, NULL, "Several values",
		"mvstr RemoveDuplicates(mvstr)", "Each value once, without regard to case.",
		"RemoveDuplicates(Split(\"a;A;b\", \";\"))", "[\"a\", \"b\"]"},
	{"Split", 2, 3, FUNC_NULL, f_split, NULL, "Several values",
		"mvstr Split(str, str separator[, num limit])",
		"Parts of a text around a character, at most so many.",
		"Split(\"a,b,c\", \",\", 2)", "[\"a\", \"b,c\"]"},
	{"ValueCount", 1, 1, FUNC_LAZY | FUNC_NAME, NULL, f_valuecount, "Several values",
		"num ValueCount(\"attr\")",
		"The number of values of an attribute, also of references, without loading them.",
		"ValueCount(\"member\")", "3"},

	/* --- flow --- */
	{"Error", 1, 1, 0, f_error, NULL, "Flow", "void Error(str)",
		"Stops the synchronization of the object with this message.",
		"IIF(IsPresent([mail]), [mail], Error(\"no mail\"))", "\"ada@fjordline.example\""},
	{"IIF", 3, 3, FUNC_LAZY | FUNC_SAME2 | FUNC_SAME3, NULL, f_iif, "Flow",
		"var IIF(exp, var, var)",
		"The second argument when the first is true, else the third.",
		"IIF([userAccountControl] = 514, \"off\", \"on\")", "\"off\""},
	{"ImportedValue", 1, 1, FUNC_LAZY | FUNC_NAME, NULL, f_importedvalue, "Flow",
		"var ImportedValue(\"attr\")",
		"The values that an import has confirmed, never those of a pending export.",
		"ImportedValue(\"mail\")", "\"ada@fjordline.example\""},
	{"Select", 3, 3, FUNC_LAZY | FUNC_SAME3 | FUNC_BIND2, NULL, f_select, "Flow",
		"mvstr Select($item, mvstr, exp)", "An expression over each value.",
		"Select($item, [proxyAddresses], Len($item))", "[26, 31]"},
	{"Switch", 2, 255, FUNC_LAZY | FUNC_PAIRS, NULL, f_switch, "Flow",
		"var Switch(exp, var, ...)",
		"The value of the first condition that is true, else NULL. All pairs are "
		"evaluated.",
		"Switch([userAccountControl] = 512, \"on\", [userAccountControl] = 514, \"off\")",
		"\"off\""},
	{"Where", 3, 3, FUNC_LAZY | FUNC_SAME2 | FUNC_BIND2, NULL, f_where, "Flow",
		"mvstr Where($item, mvstr, exp)", "The values for which the expression is true.",
		"Where($item, [proxyAddresses], Left($item, 5) = \"smtp:\" && InStr($item, "
		"\"countess\") > 0)",
		"\"smtp:countess@fjordline.example\""},
	{"With", 3, 3, FUNC_LAZY | FUNC_SAME3 | FUNC_BIND2, NULL, f_with, "Flow",
		"var With($name, exp, exp)",
		"The last argument, in which the variable stands for the second.",
		"With($d, DNComponent([dn], 2), $d & \"/\" & $d)", "\"People/People\""},

	/* --- text --- */
	{"Guid", 0, 0, FUNC_RANDOM, f_guid, NULL, "Text", "str Guid()",
		"A random GUID. Another one at each evaluation.", "IsGuid(Guid())", "true"},
	{"InStr", 2, 4, FUNC_NULL, f_instr, NULL, "Text",
		"num InStr(str, str[, num start[, vbTextCompare|vbBinaryCompare]])",
		"Where the second text begins in the first, from 1; 0 when it does not. Without "
		"regard to case unless told.",
		"InStr([mail], \"@\")", "4"},
	{"InStrRev", 2, 4, FUNC_NULL, f_instrrev, NULL, "Text",
		"num InStrRev(str, str[, num start[, vbTextCompare|vbBinaryCompare]])",
		"The same for the last place, not behind start.", "InStrRev(\"abcabc\", \"b\")",
		"5"},
	{"LCase", 1, 1, FUNC_MAP | FUNC_NULL, f_lcase, NULL, "Text", "str LCase(str)",
		"In lower case, by the rules of Unicode.", "LCase(\"ÅSA\")", "\"åsa\""},
	{"LTrim", 1, 1, FUNC_MAP | FUNC_NULL, f_ltrim, NULL, "Text", "str LTrim(str)",
		"Without white space in front, of any kind that Unicode has.", "LTrim(\"  a \")",
		"\"a \""},
	{"Left", 2, 2, FUNC_MAP, f_left, NULL, "Text", "str Left(str, num)",
		"The first characters; the whole text for a number below 0; \"\" for NULL.",
		"Left([mail], 3)", "\"ada\""},
	{"Len", 1, 1, FUNC_MAP, f_len, NULL, "Text", "num Len(str)", "The number of characters.",
		"Len(\"Åsa\")", "3"},
	{"Mid", 3, 3, FUNC_MAP, f_mid, NULL, "Text", "str Mid(str, num start, num length)",
		"Characters from a place, counted from 1; the whole text where that place is not "
		"in it.",
		"Mid([mail], 5, 5)", "\"fjord\""},
	{"PCase", 1, 1, FUNC_MAP | FUNC_NULL, f_pcase, NULL, "Text", "str PCase(str)",
		"The first letter of each word in upper case, the rest in lower case.",
		"PCase(\"ada LOVELACE\")", "\"Ada Lovelace\""},
	{"PadLeft", 3, 3, FUNC_MAP, f_padleft, NULL, "Text",
		"str PadLeft(str, num length, str character)", "Filled up in front to a length.",
		"PadLeft(\"42\", 5, \"0\")", "\"00042\""},
	{"PadRight", 3, 3, FUNC_MAP, f_padright, NULL, "Text",
		"str PadRight(str, num length, str character)", "Filled up behind to a length.",
		"PadRight(\"42\", 4, \".\")", "\"42..\""},
	{"RTrim", 1, 1, FUNC_MAP | FUNC_NULL, f_rtrim, NULL, "Text", "str RTrim(str)",
		"Without white space behind, of any kind that Unicode has.", "RTrim(\" a  \")",
		"\" a\""},
	{"Replace", 3, 3, FUNC_MAP | FUNC_NULL, f_replace, NULL, "Text",
		"str Replace(str, str old, str new)",
		"Every old text replaced; \\n, \\r and \\t stand for line feed, carriage return "
		"and tabulator.",
		"Replace([mail], \"@\", \" at \")", "\"ada at fjordline.example\""},
	{"ReplaceChars", 2, 2, FUNC_MAP | FUNC_NULL, f_replacechars, NULL, "Text",
		"str ReplaceChars(str, str pattern)",
		"Single characters replaced by texts of any length, by pairs \"from:to\" between "
		"commas.",
		"ReplaceChars(\"Räksmörgås\", \"ä:a,ö:o,å:aa\")", "\"Raksmorgaas\""},
	{"Right", 2, 2, FUNC_MAP, f_right, NULL, "Text", "str Right(str, num)",
		"The last characters.", "Right([mail], 7)", "\"example\""},
	{"Trim", 1, 1, FUNC_MAP | FUNC_NULL, f_trim, NULL, "Text", "str Trim(str)",
		"Without white space in front and behind, of any kind that Unicode has.",
		"Trim(\"  a  \")", "\"a\""},
	{"UCase", 1, 1, FUNC_MAP | FUNC_NULL, f_ucase, NULL, "Text", "str UCase(str)",
		"In upper case, by the rules of Unicode.", "UCase(\"åsa\")", "\"ÅSA\""},
	{"Word", 3, 3, FUNC_MAP, f_word, NULL, "Text", "str Word(str, num, str delimiters)",
		"A word, counted from 1, of a text that any of the characters divides; \"\" when "
		"there are fewer.",
		"Word(\"The quick brown fox\", 3, \" \")", "\"brown\""},
};
const unsigned n_functions = ARRAY_SIZE(functions);

const struct function *function_find(const char *name, size_t n)
{
	for (unsigned i = 0; i < n_functions; i++)
		if (strlen(functions[i].name) == n && memcmp(functions[i].name, name, n) == 0)
			return &functions[i];
	return NULL;
}

/* Edit distance without regard to case; names are short. */
static unsigned distance(const char *a, size_t n, const char *b)
{
	unsigned row[64], m = (unsigned)strlen(b);

	for (unsigned k = 0; k <= m; k++)
		row[k] = k;
	for (size_t i = 1; i <= n; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (unsigned k = 1; k <= m; k++) {
			unsigned above = row[k];
			bool same = strncasecmp(&a[i - 1], &b[k - 1], 1) == 0;

			row[k] = MIN(MIN(row[k - 1], above) + 1, diagonal + !same);
			diagonal = above;
		}
	}
	return row[m];
}

const char *function_nearest(const char *name, size_t n)
{
	const char *best = functions[0].name;
	unsigned best_distance = UINT32_MAX;

	n = MIN(n, (size_t)60);
	for (unsigned i = 0; i < n_functions; i++) {
		unsigned d = distance(name, n, functions[i].name);

		if (d < best_distance) {
			best_distance = d;
			best = functions[i].name;
		}
	}
	return best;
}
