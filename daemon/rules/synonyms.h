/* What other tools and people call what the rule language has a name for: delay is wait. */
#ifndef NT_RULES_SYNONYMS_H
#define NT_RULES_SYNONYMS_H

/* The candidate (NULL-terminated) that `name` is another word for, or NULL. Letters' case, '-' and '_' don't matter. */
const char *nt_synonym(const char *name, const char *const *candidates);

#endif
