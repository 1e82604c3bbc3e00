/* What is made of the table of adsyncctl's commands. */
#pragma once

/* Entries of the manual: of one group, or with NULL of all but the group of rules. */
void put_commands(const char *group);
void put_command_options(void);
/* The cases of the completion, by the two words before the one that is completed. */
void put_completion(void);

/* Text for troff, in tables.c. */
void put(const char *s);
