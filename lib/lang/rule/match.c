/* The words of the setting match_users. */
#include "lang/rule/match.h"
#include "base/util.h"

#include <assert.h>

const char *const user_match_names[] = {
#define X(name, word, help) [USER_MATCH_##name] = word,
	USER_MATCHES(X)
#undef X
		NULL};

const char *user_match_name(enum user_match m)
{
	assert(m < USER_MATCH_COUNT);
	return user_match_names[m];
}

int user_match_find(const char *word)
{
	for (int i = 0; i < USER_MATCH_COUNT; i++)
		if (streq(user_match_names[i], word))
			return i;
	return -1;
}
