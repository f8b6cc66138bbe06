#include "rules/keys.h"

#include "rules/yaml.h"

#include <string.h>

#define TABLE(name_, title_, where_, about_)                                                                      \
	const struct nt_key_table nt_##name_##_keys = { .title = title_, .where = where_, .about = about_,        \
		                                        .keys = name_##_rows, .n = G_N_ELEMENTS(name_##_rows) }
#define R NT_KEY_REQUIRED

static const struct nt_key document_rows[] = {
	[NT_DOC_FIELDS] = { "fields", NT_KIND_MAP, 0, "the lead's data dictionary: NAME: TYPE", NULL },
	[NT_DOC_EVENTS] = { "events", NT_KIND_MAP, 0, "the events that rules may use: NOUN.VERB: { PROPERTY: TYPE }",
		NULL },
	[NT_DOC_SEGMENTS] = { "segments", NT_KIND_MAP, 0, "named conditions: NAME: CONDITION", NULL },
	[NT_DOC_SCORING] = { "scoring", NT_KIND_MAP, 0, "how a lead earns and loses points", NULL },
	[NT_DOC_POLICY] = { "policy", NT_KIND_MAP, 0,
		"sender, quiet hours, caps, holidays, consent, rates; once in a rule set", NULL },
	[NT_DOC_SALES] = { "sales", NT_KIND_MAP, 0,
		"reps, teams, routing, time limits, reject reasons; once in a rule set", NULL },
	[NT_DOC_CAMPAIGN] = { "campaign", NT_KIND_NAME, 0, "a campaign's name, its body beside it", NULL },
	[NT_DOC_ANNOUNCEMENTS] = { "announcements", NT_KIND_LIST, 0, "what reps are told of campaigns, and when",
		NULL },
	[NT_DOC_TESTS] = { "tests", NT_KIND_LIST, 0, "examples: given these events, expect these messages", NULL },
};
TABLE(document, "Documents", "at the top of a document",
      "A rule set is a folder; every *.yaml below it is read. A document is a mapping with these keys.");

static const char *const during_choices[] = { "restart", NULL };
static const struct nt_key campaign_rows[] = {
	[NT_CAMPAIGN_CAMPAIGN] = { "campaign", NT_KIND_NAME, R, "its name, lower-case-with-hyphens, unique", NULL },
	[NT_CAMPAIGN_TITLE] = { "title", NT_KIND_TEXT, 0, "its name for people", NULL },
	[NT_CAMPAIGN_PRIORITY] = { "priority", NT_KIND_WHOLE, 0, "0-9, default 5: who gets a capped slot", NULL },
	[NT_CAMPAIGN_ENTER] = { "enter", NT_KIND_MAP_OR_LIST, R, "the way in, or a list of them", NULL },
	[NT_CAMPAIGN_AGAIN] = { "again", NT_KIND_AFTER, 0,
	                        "never (default) | always | after DURATION, counted from the last entry; a date, and "
	                        "a broadcast with every, come round always unless it is said",
	                        NULL },
	[NT_CAMPAIGN_GOAL] = { "goal", NT_KIND_MAP_OR_LIST, 0, "counts as a conversion, and leaves", NULL },
	[NT_CAMPAIGN_EXIT] = { "exit", NT_KIND_MAP_OR_LIST, 0, "leaves without converting", NULL },
	[NT_CAMPAIGN_PAUSE] = { "pause", NT_KIND_CONDITION, 0, "while true no step runs; waits go on counting", NULL },
	[NT_CAMPAIGN_STEPS] = { "steps", NT_KIND_STEPS, R, "what happens, in order", NULL },
	[NT_CAMPAIGN_FIELDS] = { "fields", NT_KIND_MAP, 0, "as in a document of their own", NULL },
	[NT_CAMPAIGN_EVENTS] = { "events", NT_KIND_MAP, 0, "as in a document of their own", NULL },
	[NT_CAMPAIGN_SEGMENTS] = { "segments", NT_KIND_MAP, 0, "as in a document of their own", NULL },
	[NT_CAMPAIGN_TESTS] = { "tests", NT_KIND_LIST, 0, "tests that run this campaign alone", NULL },
	[NT_CAMPAIGN_PER] = { "per", NT_KIND_TEXT, 0,
	                      "event.PROPERTY: a lead is in it once for each order (cart, quote, ticket) at a time",
	                      NULL },
	[NT_CAMPAIGN_COOLDOWN] = { "cooldown", NT_KIND_DURATION, 0,
	                           "no entry so soon after the lead's last one, whatever `again` says", NULL },
	[NT_CAMPAIGN_DURING] = { "during", NT_KIND_CHOICE, 0,
	                         "restart: an entry event during a run ends it and begins anew; `again` and `cooldown` "
	                         "don't stand against it",
	                         during_choices },
	[NT_CAMPAIGN_WAS] = { "was", NT_KIND_NAME, 0,
	                     "the name that it had before: leads that are or were in it keep their places", NULL },
};
TABLE(campaign, "Campaigns", "of a campaign", "One campaign: who enters, what happens, how it ends.");

static const char *const existing_choices[] = { "enter", NULL };
static const char *const yes_choices[] = { "true", "yes", "false", "no", NULL };
static const struct nt_key enter_rows[] = {
	[NT_ENTER_KEY_ON] = { "on", NT_KIND_EVENT, 0, "when this event happens", NULL },
	[NT_ENTER_KEY_IF] = { "if", NT_KIND_CONDITION, 0, "and this holds then (beside on, date or at)", NULL },
	[NT_ENTER_KEY_WHEN] = { "when", NT_KIND_CONDITION, 0, "at the instant this turns true", NULL },
	[NT_ENTER_KEY_EXISTING] = { "existing", NT_KIND_CHOICE, 0,
		"enter: leads for whom `when` is true as the rules are loaded enter too", existing_choices },
	[NT_ENTER_KEY_BY_HAND] = { "by_hand", NT_KIND_CHOICE, 0,
		"true: from the API, the command line, a start step or a recycle", yes_choices },
	[NT_ENTER_KEY_DATE] = { "date", NT_KIND_FIELD, 0,
		"at a date of the lead's: the name of a field of type date or time", NULL },
	[NT_ENTER_KEY_BEFORE] = { "before", NT_KIND_DURATION, 0, "so long before the date", NULL },
	[NT_ENTER_KEY_AFTER] = { "after", NT_KIND_DURATION, 0, "so long after the date", NULL },
	[NT_ENTER_KEY_TIME] = { "time", NT_KIND_CLOCK, 0,
		"at this time of the local day that the date gives; default: of a date its midnight, of a time itself",
		NULL },
	[NT_ENTER_KEY_EVERY] = { "every", NT_KIND_EVERY, 0, "again and again, from the date or from the instant on",
		NULL },
	[NT_ENTER_KEY_LATE] = { "late", NT_KIND_CHOICE, 0,
		"enter: at once, if it has passed already when the date becomes known", existing_choices },
	[NT_ENTER_KEY_AT] = { "at", NT_KIND_INSTANT, 0,
		"a broadcast: each lead at this time of its own zone; with an offset, or `zone`, all at one instant",
		NULL },
	[NT_ENTER_KEY_ZONE] = { "zone", NT_KIND_ZONE, 0, "of the broadcast: at one instant for all", NULL },
};
TABLE(enter, "Ways in", "of 'enter'",
      "enter: is one of these mappings or a list of them: on (with if), when (with existing), date (with before or "
      "after, time, every, late, if), at (with every, zone, if), or by_hand.");

static const char *const of_choices[] = { "anything", NULL };
static const struct nt_key out_rows[] = {
	[NT_OUT_ON] = { "on", NT_KIND_EVENT, 0, "when this event happens", NULL },
	[NT_OUT_IF] = { "if", NT_KIND_CONDITION, 0, "and this holds then", NULL },
	[NT_OUT_WHEN] = { "when", NT_KIND_CONDITION, 0, "when this is true", NULL },
	[NT_OUT_DO] = { "do", NT_KIND_STEPS, 0, "steps that take no time", NULL },
	[NT_OUT_OF] = { "of", NT_KIND_CHOICE, 0, "anything: an event of any key, or of none, will do", of_choices },
};
TABLE(out, "Goal and exit", "of a goal or exit", "goal: and exit: are one of these mappings or a list of them.");

static const char *const type_choices[] = { "text", "number", "yes_no", "date", "time", "duration", "list", "email",
	"phone", NULL };
static const struct nt_key field_rows[] = {
	[NT_FIELD_KEY_TYPE] = { "type", NT_KIND_CHOICE, 0,
		"text number yes_no date time duration list email phone (default text)", type_choices },
	[NT_FIELD_KEY_ONE_OF] = { "one_of", NT_KIND_LIST, 0, "the only texts allowed", NULL },
};
TABLE(field, "Fields and properties", "of a field or property", "NAME: TYPE, or a mapping with these keys.");

static const struct nt_key scoring_rows[] = {
	[NT_SCORING_HALF_LIFE] = { "half_life", NT_KIND_DURATION, 0,
		"of engagement; leave out for no decay; once in a rule set", NULL },
	[NT_SCORING_FIT] = { "fit", NT_KIND_LIST, 0, "points for what the lead is", NULL },
	[NT_SCORING_ENGAGEMENT] = { "engagement", NT_KIND_LIST, 0, "points for what the lead does", NULL },
	[NT_SCORING_LEVELS] = { "levels", NT_KIND_MAP, 0, "NAME: SCORE from which it is reached; once in a rule set",
		NULL },
};
TABLE(scoring, "Scoring", "of scoring", "score = fit + engagement. Rules of several documents add up.");

static const struct nt_key fit_rows[] = {
	[NT_FIT_IF] = { "if", NT_KIND_CONDITION, R, "while this holds", NULL },
	[NT_FIT_POINTS] = { "points", NT_KIND_VALUE, R, "a number, or = EXPRESSION", NULL },
};
TABLE(fit, "Fit rules", "of a fit rule", "Each counts while its condition holds.");

static const struct nt_key engagement_rows[] = {
	[NT_ENGAGEMENT_ON] = { "on", NT_KIND_EVENT, R, "for each of these events", NULL },
	[NT_ENGAGEMENT_IF] = { "if", NT_KIND_CONDITION, 0, "if this holds then", NULL },
	[NT_ENGAGEMENT_POINTS] = { "points", NT_KIND_VALUE, R, "a number, or = EXPRESSION", NULL },
	[NT_ENGAGEMENT_AT_MOST] = { "at_most", NT_KIND_RATE, 0, "points by this rule, such as 30 per week", NULL },
};
TABLE(engagement, "Engagement rules", "of an engagement rule", "Each event awards points, which decay by half_life.");

static const struct nt_key policy_rows[] = {
	[NT_POLICY_SENDER] = { "sender", NT_KIND_MAP, 0, "who writes", NULL },
	[NT_POLICY_TIME_ZONE] = { "time_zone", NT_KIND_ZONE, 0, "for leads whose zone is unknown; default UTC", NULL },
	[NT_POLICY_SEND] = { "send", NT_KIND_WINDOWS_MAP, 0,
	                     "when marketing messages may go, in each lead's zone; or a map: { default: WINDOW, "
	                     "CHANNEL: WINDOW }",
	                     NULL },
	[NT_POLICY_AT_MOST] = { "at_most", NT_KIND_RATES, 0,
	                        "marketing messages to one lead, all campaigns and channels together", NULL },
	[NT_POLICY_RATES] = { "rates", NT_KIND_MAP, 0,
	                      "CHANNEL: RATE, or a list of them: messages to all leads together", NULL },
	[NT_POLICY_HOLIDAYS] = { "holidays", NT_KIND_LIST, 0,
	                         "dates, and *.ics files, on whose days no marketing message goes",
	                         NULL },
	[NT_POLICY_CONSENT] = { "consent", NT_KIND_MAP, 0, "CHANNEL: opt_in or opt_out", NULL },
	[NT_POLICY_SUPPRESS_IF] = { "suppress_if", NT_KIND_CONDITION, 0, "no marketing message while this holds",
	                            NULL },
};
TABLE(policy, "Policy", "of policy", "What holds for every campaign.");

static const struct nt_key sender_rows[] = {
	[NT_SENDER_NAME] = { "name", NT_KIND_TEXT, 0, "as shown in From", NULL },
	[NT_SENDER_EMAIL] = { "email", NT_KIND_TEXT, 0, "the address in From", NULL },
	[NT_SENDER_ADDRESS] = { "address", NT_KIND_TEXT, 0, "postal address; marketing email needs it", NULL },
	[NT_SENDER_PHONE] = { "phone", NT_KIND_TEXT, 0, "the number that messages invite to call", NULL },
};
TABLE(sender, "Sender", "of sender", "Who the messages come from.");

static const char *const clock_choices[] = { "working", "always", NULL };
static const struct nt_key sales_rows[] = {
	[NT_SALES_KEY_READY] = { "ready", NT_KIND_LIST, 0, "what makes a lead ready for sales", NULL },
	[NT_SALES_KEY_AGAIN] = { "again", NT_KIND_AFTER, 0,
		"after DURATION: once closed, `when` items stay quiet this long", NULL },
	[NT_SALES_KEY_REPS] = { "reps", NT_KIND_MAP, 0, "NAME: rep", NULL },
	[NT_SALES_KEY_TEAMS] = { "teams", NT_KIND_MAP, 0, "NAME: team", NULL },
	[NT_SALES_KEY_ROUTE] = { "route", NT_KIND_LIST, 0, "who gets a lead: the first item that holds", NULL },
	[NT_SALES_KEY_TELL] = { "tell", NT_KIND_LIST, 0, "messages to the rep at an offer: CHANNEL: TEMPLATE", NULL },
	[NT_SALES_KEY_ACCEPT_WITHIN] = { "accept_within", NT_KIND_DURATION, 0,
		"of the rep's own working hours; default 30 minutes", NULL },
	[NT_SALES_KEY_CLOCK] = { "clock", NT_KIND_CHOICE, 0, "working (default), or always for elapsed time",
		clock_choices },
	[NT_SALES_KEY_THEN] = { "then", NT_KIND_LIST, 0, "who gets it when time runs out: next_rep, manager", NULL },
	[NT_SALES_KEY_AFTER_ACCEPT] = { "after_accept", NT_KIND_LIST, 0, "when no progress is reported", NULL },
	[NT_SALES_KEY_REASONS] = { "reasons", NT_KIND_MAP, 0, "why a rep may send a lead back: NAME: what follows",
		NULL },
};
TABLE(sales, "Sales", "of sales", "Who is ready, who gets whom, and how soon.");

static const struct nt_key ready_rows[] = {
	[NT_READY_ON] = { "on", NT_KIND_EVENT, 0, "on this event", NULL },
	[NT_READY_IF] = { "if", NT_KIND_CONDITION, 0, "if this holds then", NULL },
	[NT_READY_WHEN] = { "when", NT_KIND_CONDITION, 0, "at the instant this turns true", NULL },
	[NT_READY_UNLESS] = { "unless", NT_KIND_CONDITION, 0, "but not while this holds", NULL },
	[NT_READY_REASON] = { "reason", NT_KIND_TEXT, R, "as the rep reads it", NULL },
	[NT_READY_ACCEPT_WITHIN] = { "accept_within", NT_KIND_DURATION, 0, "instead of sales' own", NULL },
};
TABLE(ready, "Ready for sales", "of a 'ready' item",
      "Each item fires when its own condition turns true, or on its event.");

static const struct nt_key rep_rows[] = {
	[NT_REP_NAME] = { "name", NT_KIND_TEXT, 0, "full name", NULL },
	[NT_REP_EMAIL] = { "email", NT_KIND_TEXT, R, "where offers go", NULL },
	[NT_REP_PHONE] = { "phone", NT_KIND_TEXT, 0, "for offers by sms", NULL },
	[NT_REP_TIME_ZONE] = { "time_zone", NT_KIND_ZONE, 0, "default: policy's", NULL },
	[NT_REP_HOURS] = { "hours", NT_KIND_WINDOWS, 0,
	                   "working hours, for time limits and reminders; default: always", NULL },
	[NT_REP_OPEN_AT_MOST] = { "open_at_most", NT_KIND_WHOLE, 0, "open hand-offs at a time", NULL },
	[NT_REP_AWAY] = { "away", NT_KIND_LIST, 0, "dates, or FROM..TO, both inclusive", NULL },
	[NT_REP_WEIGHT] = { "weight", NT_KIND_WHOLE, 0, "share in a weighted turn; default 1", NULL },
};
TABLE(rep, "Reps", "of a rep", "Our own people.");

static const char *const turn_choices[] = { "round_robin", "least_open", "weighted", NULL };
static const struct nt_key team_rows[] = {
	[NT_TEAM_REPS] = { "reps", NT_KIND_LIST, R, "names of reps, in order of turn", NULL },
	[NT_TEAM_MANAGER] = { "manager", NT_KIND_NAME, 0, "a rep's name", NULL },
	[NT_TEAM_TURN] = { "turn", NT_KIND_CHOICE, 0, "round_robin (default), least_open, weighted", turn_choices },
};
TABLE(team, "Teams", "of a team", "Whose turn it is.");

static const struct nt_key route_rows[] = {
	[NT_ROUTE_IF] = { "if", NT_KIND_CONDITION, 0, "when this holds", NULL },
	[NT_ROUTE_TO] = { "to", NT_KIND_TARGET, R, "owner, team NAME or rep NAME", NULL },
};
TABLE(route, "Route", "of a route", "The first item that holds decides.");

static const struct nt_key progress_rows[] = {
	[NT_PROGRESS_WITHIN] = { "within", NT_KIND_DURATION, R, "after accepting", NULL },
	[NT_PROGRESS_THEN] = { "then", NT_KIND_TEXT, R, "tell manager, or next_rep", NULL },
};
TABLE(progress, "After accepting", "of an 'after_accept' item", "No progress reported within this time.");

static const struct nt_key reason_rows[] = {
	[NT_REASON_RECYCLE] = { "recycle", NT_KIND_CAMPAIGN, 0, "starts this campaign", NULL },
	[NT_REASON_AFTER] = { "after", NT_KIND_DURATION, 0, "so long after", NULL },
	[NT_REASON_NOT_AGAIN_FOR] = { "not_again_for", NT_KIND_DURATION, 0, "not ready for sales for so long", NULL },
	[NT_REASON_POINTS] = { "points", NT_KIND_NUMBER, 0, "engagement points", NULL },
	[NT_REASON_FIT] = { "fit", NT_KIND_NUMBER, 0, "fit points", NULL },
	[NT_REASON_STAGE] = { "stage", NT_KIND_NAME, 0, "the lead's new stage", NULL },
	[NT_REASON_SUPPRESS] = { "suppress", NT_KIND_NAME, 0, "marketing, or a channel", NULL },
	[NT_REASON_ROUTE_AGAIN] = { "route_again", NT_KIND_CHOICE, 0, "true: to the next by route", yes_choices },
};
TABLE(reason, "Reasons to send back", "of a reason", "What follows when a rep sends a lead back for this reason.");

static const struct nt_key announcement_rows[] = {
	[NT_ANNOUNCE_CAMPAIGN] = { "campaign", NT_KIND_CAMPAIGN, R,
		"one with a fixed date: a broadcast (`enter: { at: … }`)", NULL },
	[NT_ANNOUNCE_TELL] = { "tell", NT_KIND_TEXT, R, "team NAME or rep NAME", NULL },
	[NT_ANNOUNCE_BEFORE] = { "before", NT_KIND_DURATION, R,
		"so long before it goes to the first lead, in the rep's zone; shorter than the broadcast's `every`",
		NULL },
	[NT_ANNOUNCE_MESSAGE] = { "message", NT_KIND_TEMPLATE, R, "what they are told", NULL },
};
TABLE(announcement, "Announcements", "of an announcement",
      "Reps learn what goes out, to whom and when, before it does.");

static const struct nt_key arm_rows[] = {
	[NT_ARM_SHARE] = { "share", NT_KIND_SHARE, R, "of leads, such as 50%", NULL },
	[NT_ARM_STEPS] = { "steps", NT_KIND_STEPS, 0, "what they get", NULL },
	[NT_ARM_HOLD_OUT] = { "hold_out", NT_KIND_CHOICE, 0,
		"true: no message for the rest of the run, for comparison", yes_choices },
};
TABLE(arm, "Arms of a split", "of an arm", "Shares total 100%.");

static const struct nt_key choice_rows[] = {
	[NT_CHOICE_IF] = { "if", NT_KIND_CONDITION, 0, "when this holds", NULL },
	[NT_CHOICE_STEPS] = { "steps", NT_KIND_STEPS, 0, "what happens then", NULL },
	[NT_CHOICE_OTHERWISE] = { "otherwise", NT_KIND_STEPS, 0, "of the last item: steps where no `if` held", NULL },
};
TABLE(choice, "Items of a choose", "of an item of 'choose'",
      "{ if, steps }, and { otherwise } as the last one. The first that holds decides; they rejoin behind the step.");

static const char *const late_choices[] = { "send", NULL };
static const struct nt_key point_rows[] = {
	[NT_POINT_BEFORE] = { "before", NT_KIND_DURATION, 0, "so long before the date; without before and after: on it",
		NULL },
	[NT_POINT_AFTER] = { "after", NT_KIND_DURATION, 0, "so long after the date", NULL },
	[NT_POINT_OF] = { "of", NT_KIND_TIME, R, "the date: a field, or an expression", NULL },
	[NT_POINT_TIME] = { "time", NT_KIND_CLOCK, 0, "at this time of day, in the lead's zone", NULL },
	[NT_POINT_LATE] = { "late", NT_KIND_CHOICE, 0, "send: at once if it has passed, instead of not at all",
		late_choices },
	[NT_POINT_STEPS] = { "steps", NT_KIND_STEPS, R, "what happens then", NULL },
	[NT_POINT_ID] = { "id", NT_KIND_NAME, 0, "the point's identity in its schedule; default: point-FIELD-ordinal",
		NULL },
	[NT_POINT_WAS] = { "was", NT_KIND_NAME, 0, "the id that it had before, given or by default", NULL },
};
TABLE(point, "Points of a schedule", "of a point",
      "Each fires at most once in a run, in the order of their instants.");

static const struct nt_key test_rows[] = {
	[NT_TEST_NAME] = { "name", NT_KIND_TEXT, R, "what it shows", NULL },
	[NT_TEST_LEAD] = { "lead", NT_KIND_MAP, R,
		"the lead's fields, its owner (a rep's name) and consent: { CHANNEL: true or false }", NULL },
	[NT_TEST_ARMS] = { "arms", NT_KIND_MAP, 0,
		"STEP: NUMBER: pins a split to an arm, from 1; CAMPAIGN/STEP where several have a split of that name",
		NULL },
	[NT_TEST_START] = { "start", NT_KIND_INSTANT, 0, "when the clock begins; default: the first event", NULL },
	[NT_TEST_EVENTS] = { "events", NT_KIND_LIST, 0, "what happens", NULL },
	[NT_TEST_EXPECT] = { "expect", NT_KIND_LIST, R, "what must follow", NULL },
	[NT_TEST_UNTIL] = { "until", NT_KIND_INSTANT, 0, "end; default: 90 days after the last event", NULL },
	[NT_TEST_WITH_CAMPAIGNS] = { "with_campaigns", NT_KIND_LIST, 0, "campaigns that run beside the document's own",
		NULL },
};
TABLE(test, "Tests", "of a test",
      "A test in a campaign's document runs that campaign alone; on its own, the whole rule set.");

static const struct nt_key happens_rows[] = {
	[NT_HAPPENS_AT] = { "at", NT_KIND_INSTANT, 0, "an instant or +DURATION; default: with the one before", NULL },
	[NT_HAPPENS_HAPPENED] = { "happened", NT_KIND_INSTANT, 0, "when it happened, if that differs", NULL },
	[NT_HAPPENS_ON] = { "on", NT_KIND_EVENT, 0, "an event", NULL },
	[NT_HAPPENS_WITH] = { "with", NT_KIND_MAP, 0, "its properties", NULL },
	[NT_HAPPENS_SET] = { "set", NT_KIND_MAP, 0, "fields of the lead", NULL },
	[NT_HAPPENS_START] = { "start", NT_KIND_CAMPAIGN, 0, "a campaign by hand", NULL },
	[NT_HAPPENS_ACCEPT] = { "accept", NT_KIND_NAME, 0, "a rep accepts", NULL },
	[NT_HAPPENS_SEND_BACK] = { "send_back", NT_KIND_NAME, 0, "sent back for this reason", NULL },
	[NT_HAPPENS_WON] = { "won", NT_KIND_ANY, NT_KEY_EMPTY, "the deal is won", NULL },
	[NT_HAPPENS_LOST] = { "lost", NT_KIND_ANY, NT_KEY_EMPTY, "the deal is lost", NULL },
	[NT_HAPPENS_DONE] = { "done", NT_KIND_TEMPLATE, 0, "the lead's latest open task of this template is done",
		NULL },
	[NT_HAPPENS_LOAD] = { "load", NT_KIND_TEXT, 0, "a folder of new rules, from the test's file", NULL },
	[NT_HAPPENS_CONSENT] = { "consent", NT_KIND_MAP, 0, "what the event's form says: CHANNEL: true or false",
		NULL },
};
TABLE(happens, "What happens in a test", "of a test's event", "Each item of events.");

static const struct nt_key expect_rows[] = {
	[NT_EXPECT_AT] = { "at", NT_KIND_INSTANT, 0, "an instant or +DURATION; matches at the precision written",
		NULL },
	[NT_EXPECT_TELL] = { "tell", NT_KIND_TEMPLATE, 0, "a message to our own people, whoever of them it is", NULL },
	[NT_EXPECT_WEBHOOK] = { "webhook", NT_KIND_NAME, 0, "a call", NULL },
	[NT_EXPECT_TAG] = { "tag", NT_KIND_TEXT, 0, "the lead gets a tag", NULL },
	[NT_EXPECT_STAGE] = { "stage", NT_KIND_NAME, 0, "the lead gets a stage", NULL },
	[NT_EXPECT_OFFER] = { "offer", NT_KIND_NAME, 0, "offered to a rep", NULL },
	[NT_EXPECT_HAND_OFF] = { "hand_off", NT_KIND_TEXT, 0, "the lead enters the queue for this reason", NULL },
	[NT_EXPECT_AT_END] = { "at_end", NT_KIND_MAP, 0,
		"stage, score, fit, engagement, level, owner, handoff, tags, campaigns (that it is in), "
		"consent_CHANNEL, bounced_hard, complained, unsubscribed "
		"and fields at the end", NULL },
	[NT_EXPECT_TASK] = { "task", NT_KIND_TEMPLATE, 0, "a task is opened", NULL },
};
TABLE(expect, "What a test expects", "of an expectation",
      "CHANNEL: TEMPLATE, or one of these; or the word nothing_else.");

static const char *const best_by_choices[] = { "opened", "clicked", "replied", "goal", NULL };
static const char *const kind_choices[] = { "marketing", "service", NULL };
static const struct nt_key option_rows[] = {
	[NT_OPTION_IF] = { "if", NT_KIND_CONDITION, 0, "only if this holds", NULL },
	[NT_OPTION_UNLESS] = { "unless", NT_KIND_CONDITION, 0, "only if this doesn't hold", NULL },
	[NT_OPTION_ID] = { "id", NT_KIND_NAME, 0, "the step's identity; default: kind-name-ordinal", NULL },
	[NT_OPTION_THEN] = { "then", NT_KIND_STEPS, 0, "steps if so", NULL },
	[NT_OPTION_ELSE] = { "else", NT_KIND_STEPS, 0, "steps if not, or when time ran out", NULL },
	[NT_OPTION_UP_TO] = { "up_to", NT_KIND_DURATION, 0, "waits no longer", NULL },
	[NT_OPTION_WITH] = { "with", NT_KIND_MAP, 0, "values for the template: NAME: VALUE or = EXPRESSION", NULL },
	[NT_OPTION_KIND] = { "kind", NT_KIND_CHOICE, 0,
		"marketing (default); service: no cap, quiet hours, holidays or consent", kind_choices },
	[NT_OPTION_WINDOW] = { "window", NT_KIND_WINDOWS, 0, "only then, in the lead's zone", NULL },
	[NT_OPTION_GIVE_UP_AFTER] = { "give_up_after", NT_KIND_DURATION, 0, "default 7 days from first due", NULL },
	[NT_OPTION_REASON] = { "reason", NT_KIND_TEXT, 0, "why the points", NULL },
	[NT_OPTION_ATTACH] = { "attach", NT_KIND_LIST_OR_ONE, 0,
	                       "files that go with the mail, such as attachments/price-list.pdf",
	                       NULL },
	[NT_OPTION_MESSAGE] = { "message", NT_KIND_TEMPLATE, 0, "what they are told", NULL },
	[NT_OPTION_DUE] = { "due", NT_KIND_DURATION, 0, "of a task: how long there is to do it", NULL },
	[NT_OPTION_WAS] = { "was", NT_KIND_NAME, 0, "the id that it had before, given or by default", NULL },
	[NT_OPTION_OF] = { "of", NT_KIND_CHOICE, 0, "anything: an event of any key, or of none, will do", of_choices },
	[NT_OPTION_BEST_BY] = { "best_by", NT_KIND_CHOICE, 0,
	                        "lets the shares follow results: the arm that brings most of these gets most leads",
	                        best_by_choices },
};
TABLE(option, "Options of steps", "of a step", "Beside the step's verb.");

static const struct nt_key verb_rows[] = {
	[NT_VERB_CHANNEL] = { "CHANNEL", NT_KIND_TEMPLATE, 0,
	                      "email, sms, voice, fax, letter, push, social, any configured channel: sends the "
	                      "template",
	                      NULL },
	[NT_VERB_WEBHOOK] = { "webhook", NT_KIND_NAME, 0, "calls a configured endpoint", NULL },
	[NT_VERB_WAIT] = { "wait", NT_KIND_DURATION, 0, "from when the lead left the step before", NULL },
	[NT_VERB_WAIT_UNTIL] = { "wait_until", NT_KIND_WAIT_UNTIL, 0,
	                         "09:00, monday 09:00, a window, a time, or a condition", NULL },
	[NT_VERB_WAIT_FOR] = { "wait_for", NT_KIND_EVENTS, 0, "an event or a list of them", NULL },
	[NT_VERB_IF] = { "if", NT_KIND_CONDITION, 0, "branches by then and else, which rejoin after it", NULL },
	[NT_VERB_SPLIT] = { "split", NT_KIND_LIST, 0, "arms by share, by a stable hash", NULL },
	[NT_VERB_SET] = { "set", NT_KIND_MAP, 0, "FIELD: VALUE or = EXPRESSION", NULL },
	[NT_VERB_TAG] = { "tag", NT_KIND_TEXT, 0, "adds a tag", NULL },
	[NT_VERB_UNTAG] = { "untag", NT_KIND_TEXT, 0, "removes a tag", NULL },
	[NT_VERB_POINTS] = { "points", NT_KIND_VALUE, 0, "engagement points", NULL },
	[NT_VERB_STAGE] = { "stage", NT_KIND_NAME, 0, "sets the lead's stage", NULL },
	[NT_VERB_SUPPRESS] = { "suppress", NT_KIND_NAME, 0, "marketing, or a channel", NULL },
	[NT_VERB_HAND_OFF] = { "hand_off", NT_KIND_TEXT, 0, "puts the lead into the rep queue for this reason", NULL },
	[NT_VERB_START] = { "start", NT_KIND_CAMPAIGN, 0, "starts a campaign", NULL },
	[NT_VERB_STOP] = { "stop", NT_KIND_ANY, NT_KEY_EMPTY, "ends the run", NULL },
	[NT_VERB_FIRST_OF] = { "first_of", NT_KIND_LIST, 0,
	                       "CHANNEL: TEMPLATE, …: the first channel on which the lead is reachable", NULL },
	[NT_VERB_SCHEDULE] = { "schedule", NT_KIND_LIST, 0,
	                       "fixed points on a calendar, which move with their dates", NULL },
	[NT_VERB_CHOOSE] = { "choose", NT_KIND_LIST, 0,
	                     "the first branch whose `if` holds, else `otherwise`; they rejoin after it", NULL },
	[NT_VERB_ASSIGN] = { "assign", NT_KIND_ASSIGN, 0,
	                     "makes someone the owner without the queue: the rep, or whose turn it is in the team or "
	                     "by the route",
	                     NULL },
	[NT_VERB_TELL] = { "tell", NT_KIND_WHOM, 0,
	                   "a message to our own people, at once; manager: of the owner's team, or of the team that "
	                   "the route gives",
	                   NULL },
	[NT_VERB_TASK] = { "task", NT_KIND_TEMPLATE, 0,
	                   "something for the lead's owner to do, told by the template; open until done, or until a "
	                   "goal, an exit or a stop withdraws it",
	                   NULL },
	[NT_VERB_GO_TO] = { "go_to", NT_KIND_NAME, 0,
	                    "goes on at the step with this id; the way back passes a `wait: DURATION`", NULL },
};
TABLE(verb, "Steps", "of a step",
      "A step is a mapping with one of these verbs; where none but if is there, if is the verb.");

#define O(x) (1u << NT_OPTION_##x)
#define EVERY (O(IF) | O(UNLESS) | O(ID) | O(WAS))
const unsigned nt_verb_options[NT_VERB_KEYS] = {
	[NT_VERB_CHANNEL] = EVERY | O(WITH) | O(KIND) | O(WINDOW) | O(GIVE_UP_AFTER) | O(ATTACH),
	[NT_VERB_FIRST_OF] = EVERY | O(WITH) | O(KIND) | O(WINDOW) | O(GIVE_UP_AFTER) | O(ATTACH),
	[NT_VERB_WEBHOOK] = EVERY | O(WITH),
	[NT_VERB_WAIT] = EVERY,
	[NT_VERB_WAIT_UNTIL] = EVERY | O(UP_TO) | O(THEN) | O(ELSE),
	[NT_VERB_WAIT_FOR] = EVERY | O(UP_TO) | O(THEN) | O(ELSE) | O(OF),
	[NT_VERB_IF] = EVERY | O(THEN) | O(ELSE),
	[NT_VERB_SPLIT] = EVERY | O(BEST_BY), [NT_VERB_CHOOSE] = EVERY, [NT_VERB_SCHEDULE] = EVERY,
	[NT_VERB_SET] = EVERY, [NT_VERB_TAG] = EVERY, [NT_VERB_UNTAG] = EVERY,
	[NT_VERB_POINTS] = EVERY | O(REASON),
	[NT_VERB_STAGE] = EVERY, [NT_VERB_SUPPRESS] = EVERY, [NT_VERB_HAND_OFF] = EVERY, [NT_VERB_START] = EVERY,
	[NT_VERB_TELL] = EVERY | O(MESSAGE), [NT_VERB_ASSIGN] = EVERY,
	[NT_VERB_TASK] = EVERY | O(DUE), [NT_VERB_STOP] = EVERY, [NT_VERB_GO_TO] = EVERY,
};

const struct nt_key_table *const nt_key_tables[] = {
	&nt_document_keys, &nt_field_keys,  &nt_scoring_keys, &nt_fit_keys,    &nt_engagement_keys,
	&nt_campaign_keys, &nt_enter_keys,  &nt_out_keys,     &nt_verb_keys,   &nt_option_keys,
	&nt_arm_keys,      &nt_choice_keys, &nt_point_keys,
	&nt_policy_keys,  &nt_sender_keys, &nt_sales_keys,
	&nt_ready_keys,    &nt_rep_keys,    &nt_team_keys,    &nt_route_keys,  &nt_progress_keys,
	&nt_reason_keys,   &nt_announcement_keys, &nt_test_keys,   &nt_happens_keys, &nt_expect_keys, NULL,
};
