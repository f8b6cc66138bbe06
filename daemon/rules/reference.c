/* The reference of the rule language, printed from the tables that the loader reads by. */
#include "rules/load.h"

#include "rules/expr_function.h"
#include "rules/keys.h"

#include <string.h>

static void put_text(GString *out, const char *text, bool man)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (man && *p == '\\')
			g_string_append(out, "\\e");
		else if (man && *p == '-')
			g_string_append(out, "\\-");
		else if (man && p == text && (*p == '.' || *p == '\''))
			g_string_append_printf(out, "\\&%c", *p);
		else
			g_string_append_c(out, *p);
	}
}

static void put_choices(GString *out, const struct nt_key *key)
{
	for (unsigned i = 0; key->choices[i] != NULL; i++)
		g_string_append_printf(out, "%s%s", i > 0 ? " | " : "", key->choices[i]);
}

static void put_key(GString *out, const struct nt_key *key, bool man)
{
	GString *value = g_string_new(NULL);

	if (key->kind == NT_KIND_CHOICE && key->choices != NULL)
		put_choices(value, key);
	else
		g_string_append(value, nt_kind_text(key->kind));
	if ((key->flags & NT_KEY_REQUIRED) != 0)
		g_string_append(value, "; required");
	if (man) {
		g_string_append(out, ".TP\n.B ");
		put_text(out, key->name, true);
		g_string_append_c(out, '\n');
		put_text(out, key->help, true);
		g_string_append(out, "\n(");
		put_text(out, value->str, true);
		g_string_append(out, ")\n");
	} else {
		g_string_append_printf(out, "  %-16s %s\n%-18s (%s)\n", key->name, key->help, "", value->str);
	}
	g_string_free(value, TRUE);
}

static void put_title(GString *out, const struct nt_key_table *table, bool man)
{
	if (man) {
		g_string_append(out, ".SS ");
		put_text(out, table->title, true);
		g_string_append(out, "\n");
		put_text(out, table->about, true);
		g_string_append(out, "\n");
	} else {
		g_string_append_printf(out, "%s\n%s\n\n", table->title, table->about);
	}
}

static void put_function(GString *out, const struct nt_expr_function *function, bool man)
{
	g_string_append(out, man ? ".TP\n.B " : "  ");
	put_text(out, function->signature, man);
	g_string_append(out, man ? "\n" : "\n      ");
	put_text(out, function->gives, man);
	g_string_append_c(out, '\n');
}

static void put_functions(GString *out, bool man)
{
	unsigned n;
	const struct nt_expr_function *functions = nt_expr_functions(&n);

	g_string_append(out, man ? ".SS Functions\nIn conditions and behind \\(lq=\\(rq.\n" :
	                "Functions\nIn conditions and behind '='.\n\n");
	for (unsigned i = 0; i < n; i++)
		put_function(out, &functions[i], man);
}

void nt_rules_reference(GString *out, bool man)
{
	for (unsigned i = 0; nt_key_tables[i] != NULL; i++) {
		put_title(out, nt_key_tables[i], man);
		for (unsigned k = 0; k < nt_key_tables[i]->n; k++)
			put_key(out, &nt_key_tables[i]->keys[k], man);
		if (!man)
			g_string_append_c(out, '\n');
	}
	put_functions(out, man);
}
