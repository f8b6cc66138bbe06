/* The subject of shares that follow results, in an engine's turn: what steps tell it, what it decides, and that both
 * are kept with the turn. */
#include "engine/turn.h"

#include "base/arena.h"
#include "base/json.h"
#include "engine/best.h"
#include "rules/program.h"

#define META_BEST "best" /* nt_best_text() */

static bool renew(struct nt_engine *engine, const char *kept)
{
	struct nt_best *best = nt_best_new(engine->program, kept);

	if (best == NULL)
		return false;
	nt_best_free(engine->best);
	engine->best = best;
	engine->best_changes++;
	return true;
}

bool nt_best_reread(struct nt_engine *engine, const char **why)
{
	const char *kept;

	if (engine->store->ops->meta_get(engine->store, engine->arena, META_BEST, &kept) != NT_STORE_OK) {
		*why = engine->store->ops->error(engine->store);
		return false;
	}
	*why = "what is kept of the shares of splits is damaged";
	return renew(engine, kept);
}

void nt_turn_best_load(struct nt_batch *turn)
{
	GString *kept = g_string_new(NULL);

	nt_best_text(turn->engine->best, kept);
	renew(turn->engine, kept->str);
	g_string_free(kept, TRUE);
	turn->best_changed = true;
}

void nt_turn_best_count(struct nt_batch *turn, const struct nt_effect *effect)
{
	const struct nt_program *program = turn->engine->program;
	int campaign = nt_program_campaign_kept(program, effect->campaign); /* the lead's rules may be older */
	int step = campaign >= 0 ? nt_campaign_step_kept(&program->campaigns[campaign], effect->step) : -1;

	if (step >= 0 && nt_best_count(turn->engine->best, program->campaigns[campaign].name,
	                               program->campaigns[campaign].steps[step].identity, effect->trial, turn->now))
		turn->best_changed = true;
}

static void log_shares(struct nt_batch *turn, struct nt_best_split *split)
{
	GString *body = turn->engine->scratch, *detail;
	struct nt_log_row row = { .lead = "", .at = turn->now, .previous = split->log_head,
		                  .program_hash = turn->engine->program->hash };
	struct nt_json_writer w;

	if (turn->engine->options.dry)
		return;
	detail = g_string_new(NULL);
	nt_best_describe(split, detail);
	g_string_truncate(body, 0);
	nt_json_begin(&w, body);
	nt_json_object(&w, NULL);
	nt_json_object(&w, "input");
	nt_json_put_text(&w, "kind", "best");
	nt_json_end_object(&w);
	nt_json_array(&w, "effects");
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "what", "split.shares");
	nt_json_put_text(&w, "campaign", split->campaign);
	nt_json_put_text(&w, "step", split->step);
	nt_json_put_text(&w, "detail", detail->str);
	nt_json_end_object(&w);
	nt_json_end_array(&w);
	nt_json_end_object(&w);
	row.body = body->str;
	if (nt_turn_ok(turn, turn->store->ops->log_append(turn->store, &row)))
		split->log_head = row.sequence;
	g_string_free(detail, TRUE);
}

void nt_turn_best_decide(struct nt_batch *turn)
{
	struct nt_best *best = turn->engine->best;

	if (nt_best_due(best) > turn->now)
		return;
	for (unsigned i = 0; i < nt_best_splits(best) && turn->code == NT_STORE_OK; i++) {
		struct nt_best_split *split = nt_best_split(best, i);

		turn->best_changed |= split->due <= turn->now;
		if (nt_best_decide(best, split, turn->now))
			log_shares(turn, split);
	}
}

void nt_turn_best_save(struct nt_batch *turn)
{
	GString *text = turn->engine->scratch;

	if (!turn->best_changed || turn->code != NT_STORE_OK)
		return;
	g_string_truncate(text, 0);
	nt_best_text(turn->engine->best, text);
	nt_turn_ok(turn, turn->store->ops->meta_put(turn->store, META_BEST, text->len > 0 ? text->str : NULL));
	turn->engine->best_changes++;
}
