/*
 * The table of functions of the expression language. A new function is a row here, a prototype
 * in node.h and a body in the functions_*.c file that it fits.
 */
#include "lang/node.h"

const struct function functions[] = {
	{"BitAnd", 2, 2, FUNC_MAP, f_bitand, NULL, "num BitAnd(num, num)"},
	{"BitOr", 2, 2, FUNC_MAP, f_bitor, NULL, "num BitOr(num, num)"},
	{"CBin", 2, 2, 0, f_cbin, NULL, "bin CBin(num, num length)"},
	{"CBool", 1, 1, 0, f_cbool, NULL, "bool CBool(exp)"},
	{"CDate", 1, 1, FUNC_MAP | FUNC_NULL, f_cdate, NULL, "dt CDate(str)"},
	{"CGuid", 1, 1, FUNC_MAP | FUNC_NULL, f_cguid, NULL, "bin CGuid(str)"},
	{"CNum", 1, 1, FUNC_MAP | FUNC_NULL, f_cnum, NULL, "num CNum(str)"},
	{"CRef", 1, 1, FUNC_MAP | FUNC_NULL, f_cref, NULL, "ref CRef(str)"},
	{"CStr", 1, 1, FUNC_MAP | FUNC_NULL, f_cstr, NULL, "str CStr(num|ref|bool)"},
	{"Contains", 2, 3, 0, f_contains, NULL, "num Contains(mvstr, str[, case])"},
	{"ConvertFromBase64", 1, 2, FUNC_MAP | FUNC_NULL, f_frombase64, NULL,
		"str ConvertFromBase64(str[, encoding])"},
	{"ConvertFromUTF8Hex", 1, 1, FUNC_MAP | FUNC_NULL, f_fromutf8hex, NULL,
		"str ConvertFromUTF8Hex(str)"},
	{"ConvertToBase64", 1, 1, FUNC_MAP | FUNC_NULL, f_tobase64, NULL,
		"str ConvertToBase64(str|bin)"},
	{"ConvertToUTF8Hex", 1, 1, FUNC_MAP | FUNC_NULL, f_toutf8hex, NULL,
		"str ConvertToUTF8Hex(str)"},
	{"Count", 1, 1, 0, f_count, NULL, "num Count(mvstr)"},
	{"DNComponent", 2, 2, FUNC_MAP | FUNC_NULL, f_dncomponent, NULL,
		"str DNComponent(ref, num)"},
	{"DNComponentRev", 2, 3, FUNC_MAP | FUNC_NULL, f_dncomponentrev, NULL,
		"str DNComponentRev(ref, num[, \"DC\"])"},
	{"DateAdd", 3, 3, 0, f_dateadd, NULL, "dt DateAdd(str interval, num, dt)"},
	{"DateFromNum", 1, 1, FUNC_MAP | FUNC_NULL, f_datefromnum, NULL, "dt DateFromNum(num)"},
	{"Error", 1, 1, 0, f_error, NULL, "void Error(str)"},
	{"EscapeDNComponent", 1, 1, FUNC_MAP | FUNC_NULL, f_escapedncomponent, NULL,
		"str EscapeDNComponent(str)"},
	{"FormatDateTime", 2, 2, FUNC_MAP | FUNC_NULL, f_formatdatetime, NULL,
		"str FormatDateTime(dt, str format)"},
	{"Guid", 0, 0, 0, f_guid, NULL, "str Guid()"},
	{"IIF", 3, 3, FUNC_LAZY, NULL, f_iif, "var IIF(exp, var, var)"},
	{"ImportedValue", 1, 1, FUNC_LAZY, NULL, f_importedvalue, "var ImportedValue(\"attr\")"},
	{"InStr", 2, 4, FUNC_NULL, f_instr, NULL, "num InStr(str, str[, num start[, compare]])"},
	{"InStrRev", 2, 4, FUNC_NULL, f_instrrev, NULL,
		"num InStrRev(str, str[, num start[, compare]])"},
	{"IsBitSet", 2, 2, 0, f_isbitset, NULL, "bool IsBitSet(num, num flag)"},
	{"IsDate", 1, 1, 0, f_isdate, NULL, "bool IsDate(var)"},
	{"IsEmpty", 1, 1, 0, f_isempty, NULL, "bool IsEmpty(var)"},
	{"IsGuid", 1, 1, 0, f_isguid, NULL, "bool IsGuid(str)"},
	{"IsNull", 1, 1, 0, f_isnull, NULL, "bool IsNull(var)"},
	{"IsNullOrEmpty", 1, 1, 0, f_isnullorempty, NULL, "bool IsNullOrEmpty(var)"},
	{"IsNumeric", 1, 1, 0, f_isnumeric, NULL, "bool IsNumeric(var)"},
	{"IsPresent", 1, 1, FUNC_LAZY, NULL, f_ispresent, "bool IsPresent(var)"},
	{"IsString", 1, 1, 0, f_isstring, NULL, "bool IsString(var)"},
	{"Item", 2, 2, 0, f_item, NULL, "var Item(mvstr, num)"},
	{"ItemOrNull", 2, 2, 0, f_itemornull, NULL, "var ItemOrNull(mvstr, num)"},
	{"Join", 1, 2, 0, f_join, NULL, "str Join(mvstr[, str separator])"},
	{"LCase", 1, 1, FUNC_MAP | FUNC_NULL, f_lcase, NULL, "str LCase(str)"},
	{"LTrim", 1, 1, FUNC_MAP | FUNC_NULL, f_ltrim, NULL, "str LTrim(str)"},
	{"Left", 2, 2, FUNC_MAP, f_left, NULL, "str Left(str, num)"},
	{"Len", 1, 1, FUNC_MAP, f_len, NULL, "num Len(str)"},
	{"Mid", 3, 3, FUNC_MAP, f_mid, NULL, "str Mid(str, num start, num length)"},
	{"Now", 0, 0, 0, f_now, NULL, "dt Now()"},
	{"NumFromDate", 1, 1, FUNC_MAP | FUNC_NULL, f_numfromdate, NULL, "num NumFromDate(dt)"},
	{"PCase", 1, 1, FUNC_MAP | FUNC_NULL, f_pcase, NULL, "str PCase(str)"},
	{"PadLeft", 3, 3, FUNC_MAP, f_padleft, NULL, "str PadLeft(str, num, str)"},
	{"PadRight", 3, 3, FUNC_MAP, f_padright, NULL, "str PadRight(str, num, str)"},
	{"RTrim", 1, 1, FUNC_MAP | FUNC_NULL, f_rtrim, NULL, "str RTrim(str)"},
	{"RandomNum", 2, 2, 0, f_randomnum, NULL, "num RandomNum(num, num)"},
	{"RemoveDuplicates", 1, 1, 0, f_removeduplicates, NULL, "mvstr RemoveDuplicates(mvstr)"},
	{"Replace", 3, 3, FUNC_MAP | FUNC_NULL, f_replace, NULL, "str Replace(str, str, str)"},
	{"ReplaceChars", 2, 2, FUNC_MAP | FUNC_NULL, f_replacechars, NULL,
		"str ReplaceChars(str, str)"},
	{"Right", 2, 2, FUNC_MAP, f_right, NULL, "str Right(str, num)"},
	{"Select", 3, 3, FUNC_LAZY, NULL, f_select, "mvattr Select($item, mvattr, exp)"},
	{"Split", 2, 3, FUNC_NULL, f_split, NULL, "mvstr Split(str, str[, num limit])"},
	{"StringFromGuid", 1, 1, FUNC_MAP | FUNC_NULL, f_stringfromguid, NULL,
		"str StringFromGuid(bin)"},
	{"StringFromSid", 1, 1, FUNC_MAP | FUNC_NULL, f_stringfromsid, NULL,
		"str StringFromSid(bin)"},
	{"Switch", 2, 255, FUNC_LAZY, NULL, f_switch, "var Switch(exp, var, ...)"},
	{"Trim", 1, 1, FUNC_MAP | FUNC_NULL, f_trim, NULL, "str Trim(str)"},
	{"UCase", 1, 1, FUNC_MAP | FUNC_NULL, f_ucase, NULL, "str UCase(str)"},
	{"ValueCount", 1, 1, FUNC_LAZY, NULL, f_valuecount, "num ValueCount(\"attr\")"},
	{"Where", 3, 3, FUNC_LAZY, NULL, f_where, "mvattr Where($item, mvattr, exp)"},
	{"With", 3, 3, FUNC_LAZY, NULL, f_with, "var With($var, exp, exp)"},
	{"Word", 3, 3, FUNC_MAP, f_word, NULL, "str Word(str, num, str delimiters)"},
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
