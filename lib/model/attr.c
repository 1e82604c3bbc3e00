/*
 * The process's table of attribute names: an open hash over the folded name, so that a look-up
 * without regard to case is one as well. It grows and is never emptied: numbers stay valid.
 */
#include "model/attr.h"
#include "base/err.h"
#include "base/codec.h"

#define SLOTS (ATTR_MAX * 2)

static char *names[ATTR_MAX];
static unsigned count = 1; /* number 0 means none */
static uint16_t slots[SLOTS];

static unsigned slot_of(const char *name, size_t n)
{
	char folded[ATTR_NAME_MAX];

	for (size_t i = 0; i < n; i++)
		folded[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
	return (unsigned)(hash64(folded, n) % SLOTS);
}

static unsigned find(const char *name, size_t n, bool nocase)
{
	if (n == 0 || n >= ATTR_NAME_MAX)
		return 0;
	for (unsigned s = slot_of(name, n); slots[s]; s = (s + 1) % SLOTS) {
		const char *have = names[slots[s]];

		if (strlen(have) == n &&
			(nocase ? strncasecmp(have, name, n) : strncmp(have, name, n)) == 0)
			return slots[s];
	}
	return 0;
}

unsigned attr_find(const char *name)
{
	return find(name, strlen(name), false);
}

unsigned attr_find_nocase(const char *name, size_t n)
{
	return find(name, n, true);
}

unsigned attr_internn(const char *name, size_t n)
{
	unsigned id = find(name, n, false), s;

	if (id)
		return id;
	if (n == 0 || n >= ATTR_NAME_MAX || count == ATTR_MAX)
		return 0;
	names[count] = xstrndup(name, n);
	for (s = slot_of(name, n); slots[s]; s = (s + 1) % SLOTS)
		;
	slots[s] = (uint16_t)count;
	return count++;
}

unsigned attr_intern(const char *name)
{
	return attr_internn(name, strlen(name));
}

const char *attr_name(unsigned id)
{
	return id && id < count ? names[id] : "?";
}

unsigned attr_count(void)
{
	return count;
}
