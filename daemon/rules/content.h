/* What a rule set's files say, as one hash that doesn't depend on where the folder stands: a plan made of one copy
 * holds for another. */
#ifndef NT_RULES_CONTENT_H
#define NT_RULES_CONTENT_H

struct nt_rule_set_files;

/* SHA-256, in hex, over every file's path below its folder and its bytes. */
void nt_content_hash(const struct nt_rule_set_files *files, char out[65]);

#endif
