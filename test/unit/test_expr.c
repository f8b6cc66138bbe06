/* Expressions as people write them: how they group, what kinds they have, and every refusal with its place. */
#include "rules/expr_function.h"

#include "expr_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static int setup(void **state)
{
	*state = world_new();
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* ---- how it groups ---- */

static void show(const struct nt_expr *e, GString *out)
{
	static const char *const names[] = {
		[NT_OP_OR] = "or", [NT_OP_AND] = "and", [NT_OP_NOT] = "not", [NT_OP_EQUAL] = "==",
		[NT_OP_NOT_EQUAL] = "!=",
		[NT_OP_LESS] = "<", [NT_OP_LESS_EQUAL] = "<=", [NT_OP_GREATER] = ">", [NT_OP_GREATER_EQUAL] = ">=",
		[NT_OP_IN] = "in", [NT_OP_NOT_IN] = "not-in", [NT_OP_CONTAINS] = "contains",
		[NT_OP_STARTS_WITH] = "starts",
		[NT_OP_ENDS_WITH] = "ends", [NT_OP_MATCHES] = "matches", [NT_OP_IS_NONE] = "none?",
		[NT_OP_IS_NOT_NONE] = "some?", [NT_OP_ADD] = "+", [NT_OP_SUBTRACT] = "-", [NT_OP_MULTIPLY] = "*",
		[NT_OP_DIVIDE] = "/", [NT_OP_NEGATE] = "neg", [NT_OP_OR_ELSE] = "or_else", [NT_OP_SINCE] = "since",
		[NT_OP_UNTIL] = "until", [NT_OP_DAY_OF] = "day_of", [NT_OP_LOWER] = "lower", [NT_OP_DOMAIN] = "domain",
		[NT_OP_LENGTH] = "length", [NT_OP_LIST] = "list",
	};
	const char *name = (size_t)e->op < G_N_ELEMENTS(names) ? names[e->op] : NULL;

	if (name == NULL) {
		g_string_append_len(out, e->span.source->text + e->span.start, (gssize)e->span.length);
		return;
	}
	g_string_append_printf(out, "(%s", name);
	if (e->a != NULL) {
		g_string_append_c(out, ' ');
		show(e->a, out);
	}
	if (e->b != NULL) {
		g_string_append_c(out, ' ');
		show(e->b, out);
	}
	if (e->op == NT_OP_LIST)
		g_string_append_printf(out, " %u", e->n_items);
	g_string_append_c(out, ')');
}

static void groups(void **state)
{
	static const char *const cases[][2] = {
		{ "vip or vip and not vip", "(or vip (and vip (not vip)))" },
		{ "not company_size > 3 and vip", "(and (not (> company_size 3)) vip)" },
		{ "not not vip", "(not (not vip))" },
		{ "vip or vip or vip", "(or (or vip vip) vip)" },
		{ "(vip or vip) and vip", "(and (or vip vip) vip)" },
		{ "1 + 2 * 3 - 4 / 5 == 6", "(== (- (+ 1 (* 2 3)) (/ 4 5)) 6)" },
		{ "company_size or_else 0 * 2 > 1", "(> (* (or_else company_size 0) 2) 1)" },
		{ "-company_size or_else 3 < 0", "(< (or_else (neg company_size) 3) 0)" },
		{ "company_size - -3 > - 5", "(> (- company_size -3) - 5)" },
		{ "50 <= company_size", "(>= company_size 50)" },
		{ "none != owner", "(some? owner)" },
		{ "owner == none", "(none? owner)" },
		{ "country in [\"US\", 'CA'] and company_size >= 50",
		  "(and (in country (list 2)) (>= company_size 50))" },
		{ "country not in [\"US\"]", "(not-in country (list 1))" },
		{ "not country in [\"US\"]", "(not (in country (list 1)))" },
		{ "'vip' in tags or tags contains \"x\"", "(or (in 'vip' tags) (contains tags \"x\"))" },
		{ "city starts_with 'a' and city ends_with 'b' or city matches '*x?'",
		  "(or (and (starts city 'a') (ends city 'b')) (matches city '*x?'))" },
		{ "did(\"a.b\", 7 days) and not in_segment(\"enterprise\")",
		  "(and did(\"a.b\", 7 days) (not in_segment(\"enterprise\")))" },
		{ "since(last(\"app.login\")) > 30 days", "(> (since last(\"app.login\")) 30 days)" },
		{ "trial_ends - 3 days <= now", "(<= (- trial_ends 3 days) now)" },
		{ "3 days + trial_ends > 2026-12-01 09:00", "(> (+ trial_ends 3 days) 2026-12-01 09:00)" },
		{ "day_of(now) == day_of(signed_at)", "(== day_of(now) (day_of signed_at))" },
		{ "signed_at > 2026-12-01T09:00:00.5-05:00 or trial_ends == 2026-12-01",
		  "(or (> signed_at 2026-12-01T09:00:00.5-05:00) (== trial_ends 2026-12-01))" },
		{ "lower(domain(email)) == \"gmx.de\"", "(== (lower (domain email)) \"gmx.de\")" },
		{ "since(signed_at) > 1 day 4 hours", "(> (since signed_at) 1 day 4 hours)" },
		{ "since(signed_at) or_else 9 days > delay", "(> (or_else (since signed_at) 9 days) delay)" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct nt_expr *e = world_condition(w, cases[i][0]);
		GString *shown = g_string_new(NULL);

		assert_string_equal(w->out->str, "");
		assert_non_null(e);
		show(e, shown);
		assert_string_equal(shown->str, cases[i][1]);
		assert_int_equal(e->type, NT_TYPE_YES_NO);
		g_string_free(shown, TRUE);
	}
}

static void kinds(void **state)
{
	static const struct {
		const char *text;
		enum nt_type type;
	} cases[] = {
		{ "email", NT_TYPE_TEXT }, { "trial_ends", NT_TYPE_TIME }, { "2026-12-01", NT_TYPE_TIME },
		{ "now", NT_TYPE_TIME },
		{ "now + 3 days", NT_TYPE_TIME }, { "today - 1 month", NT_TYPE_TIME },
		{ "since(now or_else now)", NT_TYPE_NONE },
		{ "1 day + delay", NT_TYPE_DURATION }, { "score + fit * engagement", NT_TYPE_NUMBER },
		{ "level", NT_TYPE_TEXT }, { "tags", NT_TYPE_LIST }, { "consent_sms", NT_TYPE_YES_NO },
		{ "total(\"order.placed\", \"amount\")", NT_TYPE_NUMBER },
		{ "last_value('order.placed', 'due')", NT_TYPE_TIME },
		{ "last_value('order.placed', 'plan')", NT_TYPE_TEXT },
		{ "opened('welcome', 3 days)", NT_TYPE_YES_NO }, { "clicked('welcome')", NT_TYPE_YES_NO },
		{ "replied('welcome')", NT_TYPE_YES_NO }, { "received('case-study', 1 month)", NT_TYPE_YES_NO },
		{ "messaged(2 days)", NT_TYPE_YES_NO }, { "reachable('sms')", NT_TYPE_YES_NO },
		{ "in_campaign('trial-nurture')", NT_TYPE_YES_NO }, { "finished('welcome-series')", NT_TYPE_YES_NO },
		{ "reached_goal('trial-nurture')", NT_TYPE_YES_NO }, { "length(tags) + length(city)", NT_TYPE_NUMBER },
		{ "first('a.b')", NT_TYPE_TIME }, { "until(trial_ends)", NT_TYPE_DURATION },
	};
	struct world *w = *state;

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct nt_expr *e = world_parse(w, cases[i].text);

		if (cases[i].type == NT_TYPE_NONE) {
			assert_null(e);
			continue;
		}
		assert_string_equal(w->out->str, "");
		assert_non_null(e);
		assert_int_equal(e->type, cases[i].type);
	}
}

static void literals_are_read_exactly(void **state)
{
	struct world *w = *state;
	const struct nt_expr *e = world_parse(w, "-0.000001");

	assert_int_equal(e->literal.number, -1);
	e = world_parse(w, "2 weeks 3 hours");
	assert_int_equal(e->literal.duration.days, 14);
	assert_int_equal(e->literal.duration.ms, 3 * NT_HOUR);
	e = world_parse(w, "2026-12-01");
	assert_int_equal(e->literal.type, NT_TYPE_DATE);
	assert_int_equal(e->literal.date, nt_civil_days(2026, 12, 1));
	e = world_parse(w, "2026-12-01 09:00");
	assert_int_equal(e->op, NT_OP_WALL_TIME);
	assert_int_equal(e->literal.time, nt_civil_days(2026, 12, 1) * NT_DAY + 9 * NT_HOUR);
	e = world_parse(w, "2026-12-01T09:00:00-05:00");
	assert_int_equal(e->op, NT_OP_LITERAL);
	assert_int_equal(e->literal.time, nt_civil_days(2026, 12, 1) * NT_DAY + 14 * NT_HOUR);
	assert_string_equal(world_parse(w, "\"it's\"")->literal.text, "it's");
	assert_true(world_parse(w, "yes")->literal.yes);
	assert_false(world_parse(w, "false")->literal.yes);
}

static void windowed_functions_get_rings(void **state)
{
	struct world *w = *state;
	const struct nt_expr *e = world_condition(w, "count(\"a.b\", 7 days) >= 3");

	assert_int_equal(w->rings[e->a->ring].capacity, 4);
	assert_int_equal(w->rings[e->a->ring].duration.days, 7);
	e = world_condition(w, "3 <= count(\"a.b\", 7 days)");
	assert_int_equal(w->rings[e->a->ring].capacity, 4);
	assert_int_equal(w->program.n_rings, 1);
	e = world_condition(w, "count(\"a.b\", 7 days) + 1 >= 3");
	assert_int_equal(w->rings[e->a->a->ring].capacity, 256);
	e = world_condition(w, "total(\"order.placed\", \"amount\", 1 month) >= 3");
	assert_int_equal(w->rings[e->a->ring].capacity, 256);
	assert_string_equal(w->rings[e->a->ring].property, "amount");
	e = world_condition(w, "count(\"a.b\") > 2");
	assert_int_equal(e->a->ring, -1);
	assert_int_equal(w->program.n_rings, 3);
	e = world_condition(w, "total('order.placed', 'amount') > last_value('order.placed', 'amount')");
	assert_int_equal(e->a->slot, e->b->slot);
	assert_int_equal(w->program.n_stats, 1);
}

static void segments_are_reported_for_cycles(void **state)
{
	struct world *w = *state;

	world_condition(w, "in_segment('dormant') or not in_segment('enterprise')");
	assert_int_equal(w->segments_used, 1 << S_DORMANT | 1 << S_ENTERPRISE);
}

/* ---- refusals ---- */

static const char *const refusals[][2] = {
#include "expr_refusals.inc"
};

/* What is printed below the caret's line is checked by its column and its marks. */
static void refused_with_place(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
		const struct nt_expr *e = world_condition(w, refusals[i][0]);

		if (strcmp(w->out->str, refusals[i][1]) != 0)
			print_message("expression: %s\n", refusals[i][0]);
		assert_string_equal(w->out->str, refusals[i][1]);
		assert_null(e);
	}
}

static void context_decides_about_event_and_entry(void **state)
{
	static const int one[] = { E_ORDER_PLACED }, two[] = { E_ORDER_PLACED, E_CART_FILLED },
		page[] = { E_PRICING_VIEWED };
	struct world *w = *state;

	assert_null(world_condition(w, "event.amount > 3"));
	w->scope.events = one;
	w->scope.n_events = 1;
	assert_non_null(world_condition(w, "event.amount > 3 and event.plan == 'pro'"));
	assert_null(world_condition(w, "event.plan == 'gold'"));
	assert_non_null(strstr(w->out->str, "'event.plan' is never 'gold': it is one of free, pro"
	            " [expression-type]\n"));
	w->scope.events = two;
	w->scope.n_events = 2;
	assert_non_null(world_condition(w, "event.amount > 3"));
	assert_null(world_condition(w, "event.due == none"));
	assert_non_null(strstr(w->out->str,
	                       "property 'due' is date in event 'order.placed' but text in 'cart.filled'"));
	assert_null(world_condition(w, "event.plan == none"));
	assert_non_null(strstr(w->out->str, "event 'cart.filled' declares no property 'plan'"));
	assert_null(world_condition(w, "entered < now"));
	assert_non_null(strstr(w->out->str, "'entered' has a meaning only inside a campaign"));
	w->scope.has_run = true;
	assert_non_null(world_condition(w, "entered + 14 days < now"));
	assert_null(world_condition(w, "entry.page == 'x'"));
	assert_non_null(strstr(w->out->str, "no event begins this campaign"));
	w->scope.entry_events = page;
	w->scope.n_entry_events = 1;
	assert_non_null(world_condition(w, "entry.page == 'x'"));
	assert_null(world_condition(w, "entry.pages == 'x'"));
	assert_non_null(strstr(w->out->str,
	                       "event 'pricing.viewed' declares no property 'pages' (did you mean 'page'?)"));
}

static void wanted_kinds(void **state)
{
	struct world *w = *state;

	assert_non_null(world_parse_scalar(w, "trial_ends", "trial_ends", false, NT_TYPE_DATE, false));
	assert_non_null(world_parse_scalar(w, "city", "city", false, NT_TYPE_EMAIL, false));
	assert_null(world_parse_scalar(w, "city", "city", false, NT_TYPE_NUMBER, false));
	assert_string_equal(w->out->str, "x.yaml:1:7: error: 'city' is text, but a number is needed here"
	            " [expression-type]\n"
	                                 "    1 | when: city\n"
	                                 "      |       ^~~~\n");
}

static void places_in_quoted_and_folded_scalars(void **state)
{
	struct world *w = *state;

	world_parse_scalar(w, "'did(\"a.c\", 7 days)'", "did(\"a.c\", 7 days)", true, NT_TYPE_NONE, false);
	assert_non_null(strstr(w->out->str, "x.yaml:1:12: error: unknown event 'a.c' (did you mean 'a.b'?)"
	            " [unknown-name]\n"
	                                    "    1 | when: 'did(\"a.c\", 7 days)'\n"
	                                    "      |            ^~~~~\n"));
	world_parse_scalar(w, "\"city == \\\"x\\\" and citty == 'y'\"", "city == \"x\" and citty == 'y'", true,
	                   NT_TYPE_NONE,
	                   false);
	assert_non_null(strstr(w->out->str, "x.yaml:1:26: error: unknown field 'citty'"));
	assert_non_null(strstr(w->out->str, "\n      |                          ^~~~~\n"));
	world_parse_scalar(w, "vip and\n    citty == 'y'", "vip and citty == 'y'", false, NT_TYPE_NONE, false);
	assert_non_null(strstr(w->out->str, "x.yaml:2:5: error: unknown field 'citty'"));
	world_parse_scalar(w, ">\n    vip and\n    citty == 'y'", "vip and citty == 'y'\n", false, NT_TYPE_NONE, false);
	assert_non_null(strstr(w->out->str, "x.yaml:3:5: error: unknown field 'citty'"));
	world_parse_scalar(w, "'city == ''x'' and citty == 1'", "city == 'x' and citty == 1", true, NT_TYPE_NONE,
	                   false);
	assert_non_null(strstr(w->out->str, "x.yaml:1:26: error: unknown field 'citty'"));
}

static void sizes_are_bounded(void **state)
{
	struct world *w = *state;
	GString *text = g_string_new(NULL);

	for (int i = 0; i < 100; i++)
		g_string_append_c(text, '(');
	assert_null(world_condition(w, text->str));
	assert_non_null(strstr(w->out->str, "nested too deeply"));
	g_string_assign(text, "vip");
	for (int i = 0; i < 600; i++)
		g_string_append(text, " or vip");
	assert_null(world_condition(w, text->str));
	assert_non_null(strstr(w->out->str, "this expression is too long"));
	assert_int_equal(nt_diags_errors(w->diags), 1);
	for (int i = 0; i < 600; i++)
		g_string_append(text, " or vip");
	assert_null(world_condition(w, text->str));
	assert_non_null(strstr(w->out->str, "longer than 8192 characters"));
	g_string_assign(text, "");
	for (int i = 0; i < 200; i++)
		g_string_append(text, "not ");
	assert_null(world_condition(w, text->str));
	assert_non_null(strstr(w->out->str, "nested too deeply"));
	g_string_free(text, TRUE);
}

static void every_function_is_described(void **state)
{
	unsigned n;
	const struct nt_expr_function *functions = nt_expr_functions(&n);

	(void)state;
	assert_int_equal(n, 22);
	for (unsigned i = 0; i < n; i++) {
		assert_true(g_str_has_prefix(functions[i].signature, functions[i].name));
		assert_true(strlen(functions[i].gives) > 3);
	}
	assert_true(nt_expr_reserved("score"));
	assert_true(nt_expr_reserved("or_else"));
	assert_true(nt_expr_reserved("consent_email"));
	assert_false(nt_expr_reserved("budget"));
}

static void not_and_and(void **state)
{
	struct world *w = *state;
	const struct nt_expr *a = world_condition(w, "vip");

	assert_ptr_equal(nt_expr_and(w->arena, NULL, a), a);
	assert_ptr_equal(nt_expr_and(w->arena, a, NULL), a);
	assert_int_equal(nt_expr_and(w->arena, a, nt_expr_not(w->arena, a))->b->op, NT_OP_NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(groups, setup, teardown),
		cmocka_unit_test_setup_teardown(kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(literals_are_read_exactly, setup, teardown),
		cmocka_unit_test_setup_teardown(windowed_functions_get_rings, setup, teardown),
		cmocka_unit_test_setup_teardown(segments_are_reported_for_cycles, setup, teardown),
		cmocka_unit_test_setup_teardown(refused_with_place, setup, teardown),
		cmocka_unit_test_setup_teardown(context_decides_about_event_and_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(wanted_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(places_in_quoted_and_folded_scalars, setup, teardown),
		cmocka_unit_test_setup_teardown(sizes_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(every_function_is_described, setup, teardown),
		cmocka_unit_test_setup_teardown(not_and_and, setup, teardown),
	};

	return cmocka_run_group_tests_name("expr", tests, NULL, NULL);
}
