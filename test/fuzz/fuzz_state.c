/* A lead's state from any bytes, under a right checksum: decoded or refused; what was decoded can be stepped, encoded,
 * and decoded again to the same bytes. The first byte chooses what happens to the lead, its highest bit the version:
 * the first one or the newest.
 * covers: daemon/engine/codec_decode.c daemon/engine/codec_value.c daemon/engine/codec_encode.c */
#include "fuzz.h"
#include "fuzz_program.h"

#include "base/arena.h"
#include "base/bug.h"
#include "engine/codec.h"
#include "engine/step.h"
#include "engine/wire.h"
#include "rules/program.h"

#include <string.h>

static const char rules[] =
	"policy:\n  sender: { phone: \"+1 555 0100\" }\n  time_zone: UTC\n  consent: { sms: opt_out }\n"
	"  at_most: 2 per day\n  send: mon-fri 08:00-20:00\n---\n"
	"fields:\n  seats: number\n  ends: date\n  kinds: list\n---\n"
	"events:\n  a.b: { amount: number }\n  c.d: { page: text }\n---\n"
	"scoring:\n  half_life: 14 days\n  fit:\n    - if: seats > 3\n      points: 7\n  engagement:\n    - on: a.b\n"
	"      points: 10\n"
	"      at_most: 30 per week\n  levels: { cold: 0, warm: 15 }\n---\n"
	"segments:\n  busy: count(\"a.b\", 7 days) >= 3\n"
	"  rich: total(\"a.b\", \"amount\", 30 days) > 10 or last_value(\"a.b\", \"amount\") > 5\n---\n"
	"campaign: c\nenter: { on: a.b }\nagain: always\ngoal: { on: c.d }\nsteps:\n  - id: s\n    split:\n"
	"      - { share: 50%, steps: [ tag: left ] }\n"
	"      - { share: 50%, steps: [ tag: right ] }\n  - wait: 3 days\n  - wait_for: c.d\n    up_to: 2 days\n"
	"    then: [ webhook: h ]\n"
	"  - wait_until: 09:00\n  - sms: m\n    window: daily 08:00-09:00\n---\n"
	"campaign: g\nenter: { on: a.b }\nagain: always\ngoal: { on: c.d }\nsteps:\n  - id: g\n    split:\n"
	"      - { share: 50%, steps: [ sms: m ] }\n      - { share: 50%, steps: [ wait: 1 day ] }\n"
	"    best_by: goal\n---\n"
	"campaign: e\nenter: { on: c.d }\nagain: always\nsteps:\n  - schedule:\n"
	"      - { before: 2 days, of: ends, time: 09:00, steps: [ wait_for: a.b ] }\n"
	"      - { after: 3 days, of: entered, late: send, steps: [ sms: m ] }\n---\n"
	"campaign: d\nenter: { when: in_segment(\"busy\") or in_segment(\"rich\") }\npause: seats == 4\n"
	"steps: [ wait: 3 days, points: 5, set: { seats: 4 }, stage: x ]\n---\n"
	"campaign: f\nenter: [ { date: ends, every: month, late: enter }, { at: 2026-06-01 09:00, every: week } ]\n"
	"steps: [ untag: f ]\n";

static void seal(GString *bytes)
{
	uint64_t sum = nt_wire_frame_sum((const unsigned char *)bytes->str, bytes->len);

	memcpy(bytes->str + NT_WIRE_SUM, &sum, sizeof sum);
}

static void step(struct nt_lead *lead, unsigned choice)
{
	static const char *const names[] = { "a.b", "c.d", "x.y" };
	struct nt_property_value amount = { "amount", NT_NUMBER_VALUE(7 * NT_NUMBER_ONE) };
	struct nt_input input = { .now = lead->due != NT_NEVER ? lead->due : lead->last };
	struct nt_effects effects;

	input.now = CLAMP(input.now, 0, NT_TIME_MAX / 2);
	input.clock = input.now + (choice & 16 ? NT_DAY : 0);
	if (choice % 4 == 0) {
		input.kind = NT_INPUT_TIMER;
	} else {
		input.kind = NT_INPUT_EVENT;
		input.event.name = names[choice % 3];
		input.event.type = nt_program_event(lead->program, input.event.name);
		input.event.at = input.now - (choice & 32 ? NT_HOUR : 0);
		input.event.properties = &amount;
		input.event.n_properties = choice & 64 ? 1 : 0;
	}
	nt_effects_init(&effects);
	nt_step(lead, &input, &effects);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nt_program *program = nt_fuzz_program(rules);
	struct nt_arena *arena;
	GString *bytes, *again;
	struct nt_lead *lead;
	const char *why;

	if (size < 1 || size > 16384)
		return 0;
	arena = nt_arena_new();
	bytes = g_string_new(NT_WIRE_MAGIC);
	again = g_string_new(NULL);
	g_string_append_c(bytes, data[0] & 128 ? NT_STATE_VERSION : 1);
	g_string_append_len(bytes, program->hash, 64);
	g_string_append_len(bytes, "\0\0\0\0\0\0\0", 8);
	g_string_append_len(bytes, (const char *)data + 1, (gssize)size - 1);
	seal(bytes);
	lead = nt_lead_decode(arena, program, "ann", bytes->str, bytes->len, &why);
	if (lead != NULL) {
		step(lead, data[0] & 127);
		g_string_truncate(bytes, 0);
		nt_lead_encode(lead, bytes);
		lead = nt_lead_decode(arena, program, "ann", bytes->str, bytes->len, &why);
		NT_CHECK(lead != NULL);
		nt_lead_encode(lead, again);
		NT_CHECK(bytes->len == again->len && memcmp(bytes->str, again->str, bytes->len) == 0);
	}
	g_string_free(bytes, TRUE);
	g_string_free(again, TRUE);
	nt_arena_free(arena);
	return 0;
}
