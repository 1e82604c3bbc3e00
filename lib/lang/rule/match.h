/*
 * How the accounts of several directories are found to be one person: which joins of the rules are
 * in force. The questions are those of Connect Sync's wizard ("Select how users should be
 * identified in your on-premises directories"), see adsyncd.conf(5).
 */
#pragma once

#include "base/util.h"

/* X(enum, word of the setting match_users and of rule files, what makes two accounts one person) */
#define USER_MATCHES(X)                                                                         \
	X(ONCE, "once", "nothing but the anchor: a person has one account, or a copy of it")    \
	X(MAIL, "mail", "the same mail")                                                        \
	X(SID, "sid",                                                                           \
		"objectSid of the one is msExchMasterAccountSid (or msRTCSIP-OriginatorSid) "   \
		"of the other")                                                                 \
	X(ACCOUNT, "account", "sAMAccountName or mailNickname of the one is that of the other") \
	X(ATTRIBUTE, "attribute", "the same value of the attribute that match_attribute names")
enum user_match {
#define X(name, word, help) USER_MATCH_##name,
	USER_MATCHES(X)
#undef X
		USER_MATCH_COUNT
};

/* NULL at the end. */
extern const char *const user_match_names[];
const char *user_match_name(enum user_match m);
int user_match_find(const char *word) _must_check_; /* -1: none */
