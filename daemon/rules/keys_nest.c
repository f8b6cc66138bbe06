/* What stands inside the values of keys: lists of mappings, mappings of mappings. The loader reads them by the same
 * tables; this says which, for whoever describes the language to others. */
#include "rules/keys.h"

#define NEST(table_, key_, through_, to_) { &nt_##table_##_keys, key_, through_, &nt_##to_##_keys, NT_KIND_ANY, -1 }
#define LEAF(table_, key_, through_, kind_) { &nt_##table_##_keys, key_, through_, NULL, kind_, -1 }

static const struct nt_key_nest nests[] = {
	{ &nt_document_keys, NT_DOC_FIELDS, "m", &nt_field_keys, NT_KIND_ANY, NT_FIELD_KEY_TYPE },
	{ &nt_document_keys, NT_DOC_EVENTS, "mm", &nt_field_keys, NT_KIND_ANY, NT_FIELD_KEY_TYPE },
	LEAF(document, NT_DOC_SEGMENTS, "m", NT_KIND_CONDITION),
	NEST(document, NT_DOC_SCORING, "", scoring),
	NEST(document, NT_DOC_POLICY, "", policy),
	NEST(document, NT_DOC_SALES, "", sales),
	NEST(document, NT_DOC_TESTS, "l", test),
	NEST(campaign, NT_CAMPAIGN_ENTER, "o", enter),
	NEST(campaign, NT_CAMPAIGN_GOAL, "o", out),
	NEST(campaign, NT_CAMPAIGN_EXIT, "o", out),
	{ &nt_campaign_keys, NT_CAMPAIGN_FIELDS, "m", &nt_field_keys, NT_KIND_ANY, NT_FIELD_KEY_TYPE },
	{ &nt_campaign_keys, NT_CAMPAIGN_EVENTS, "mm", &nt_field_keys, NT_KIND_ANY, NT_FIELD_KEY_TYPE },
	LEAF(campaign, NT_CAMPAIGN_SEGMENTS, "m", NT_KIND_CONDITION),
	NEST(campaign, NT_CAMPAIGN_TESTS, "l", test),
	LEAF(field, NT_FIELD_KEY_ONE_OF, "l", NT_KIND_TEXT),
	NEST(scoring, NT_SCORING_FIT, "l", fit),
	NEST(scoring, NT_SCORING_ENGAGEMENT, "l", engagement),
	LEAF(scoring, NT_SCORING_LEVELS, "m", NT_KIND_WHOLE),
	NEST(policy, NT_POLICY_SENDER, "", sender),
	LEAF(policy, NT_POLICY_SEND, "c", NT_KIND_WINDOWS),
	LEAF(policy, NT_POLICY_RATES, "c", NT_KIND_RATE),
	LEAF(policy, NT_POLICY_HOLIDAYS, "l", NT_KIND_TEXT),
	LEAF(policy, NT_POLICY_CONSENT, "c", NT_KIND_NAME),
	NEST(sales, NT_SALES_KEY_READY, "l", ready),
	NEST(sales, NT_SALES_KEY_REPS, "m", rep),
	NEST(sales, NT_SALES_KEY_TEAMS, "m", team),
	NEST(sales, NT_SALES_KEY_ROUTE, "l", route),
	LEAF(sales, NT_SALES_KEY_TELL, "lc", NT_KIND_TEMPLATE),
	LEAF(sales, NT_SALES_KEY_THEN, "l", NT_KIND_TEXT),
	NEST(sales, NT_SALES_KEY_AFTER_ACCEPT, "l", progress),
	NEST(sales, NT_SALES_KEY_REASONS, "m", reason),
	LEAF(rep, NT_REP_AWAY, "l", NT_KIND_TEXT),
	LEAF(team, NT_TEAM_REPS, "l", NT_KIND_NAME),
	LEAF(test, NT_TEST_WITH_CAMPAIGNS, "l", NT_KIND_CAMPAIGN),
	LEAF(test, NT_TEST_ARMS, "m", NT_KIND_WHOLE),
	NEST(test, NT_TEST_EVENTS, "l", happens),
	NEST(test, NT_TEST_EXPECT, "l", expect),
	NEST(verb, NT_VERB_SPLIT, "l", arm),
	NEST(verb, NT_VERB_CHOOSE, "l", choice),
	NEST(verb, NT_VERB_SCHEDULE, "l", point),
	LEAF(verb, NT_VERB_FIRST_OF, "lc", NT_KIND_TEMPLATE),
};

const struct nt_key_nest *nt_key_nest(const struct nt_key_table *table, unsigned key)
{
	for (size_t i = 0; i < G_N_ELEMENTS(nests); i++)
		if (nests[i].in == table && nests[i].key == key)
			return &nests[i];
	return NULL;
}
