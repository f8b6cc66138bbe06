#include "engine/codec_value.h"

#include "base/arena.h"
#include "rules/program.h"

void nt_codec_put_value(GString *out, const struct nt_value *value)
{
	unsigned i;

	nt_wire_put(out, value->type);
	switch (value->type) {
	case NT_TYPE_NONE:
		break;
	case NT_TYPE_TEXT:
	case NT_TYPE_EMAIL:
	case NT_TYPE_PHONE:
		nt_wire_put_text(out, value->text);
		break;
	case NT_TYPE_NUMBER:
		nt_wire_put_signed(out, value->number);
		break;
	case NT_TYPE_YES_NO:
		nt_wire_put(out, value->yes);
		break;
	case NT_TYPE_DATE:
		nt_wire_put_signed(out, value->date);
		break;
	case NT_TYPE_TIME:
		nt_wire_put_time(out, value->time);
		break;
	case NT_TYPE_DURATION:
		nt_wire_put_signed(out, value->duration.months);
		nt_wire_put_signed(out, value->duration.days);
		nt_wire_put_signed(out, value->duration.ms);
		break;
	case NT_TYPE_LIST:
		nt_wire_put(out, value->list.n);
		for (i = 0; i < value->list.n; i++)
			nt_wire_put_text(out, value->list.items[i]);
		break;
	}
}

void nt_codec_put_properties(GString *out, const struct nt_property_value *properties, unsigned n)
{
	unsigned i;

	nt_wire_put(out, n);
	for (i = 0; i < n; i++) {
		nt_wire_put_text(out, properties[i].name);
		nt_codec_put_value(out, &properties[i].value);
	}
}

void nt_codec_put_ring(GString *out, const struct nt_ring_state *ring)
{
	nt_time last = 0;
	unsigned i;

	nt_wire_put(out, ring->n);
	for (i = 0; i < ring->n; i++) {
		nt_wire_put_signed(out, ring->entries[i].at - last);
		nt_wire_put(out, ring->entries[i].n);
		nt_wire_put_signed(out, ring->entries[i].sum);
		last = ring->entries[i].at;
	}
}

/* A text that must be there. */
const char *nt_codec_get_name(struct nt_decoder *d)
{
	const char *text = nt_wire_get_text(&d->r);

	if (text == NULL) {
		d->r.bad = true;
		return "";
	}
	return text;
}

/* When something happened: that is never "never". */
nt_time nt_codec_get_instant(struct nt_decoder *d)
{
	nt_time t = nt_wire_get_time(&d->r);

	if (t == NT_NEVER) {
		d->r.bad = true;
		return NT_NO_TIME;
	}
	return t;
}

int32_t nt_codec_get_int32(struct nt_decoder *d)
{
	int64_t n = nt_wire_get_signed(&d->r);

	if (n < INT32_MIN || n > INT32_MAX)
		d->r.bad = true;
	return (int32_t)n;
}

uint32_t nt_codec_get_uint32(struct nt_decoder *d)
{
	uint64_t n = nt_wire_get(&d->r);

	if (n > UINT32_MAX)
		d->r.bad = true;
	return (uint32_t)n;
}

static void get_list(struct nt_decoder *d, struct nt_value *value)
{
	unsigned i, n = nt_wire_get_count(&d->r, 1);
	const char **items = nt_arena_array(d->arena, const char *, n);

	for (i = 0; i < n; i++)
		items[i] = nt_codec_get_name(d);
	value->list.items = items;
	value->list.n = n;
}

struct nt_value nt_codec_get_value(struct nt_decoder *d)
{
	struct nt_value value = { .type = (enum nt_type)nt_wire_get(&d->r) };

	switch (value.type) {
	case NT_TYPE_NONE:
		break;
	case NT_TYPE_TEXT:
	case NT_TYPE_EMAIL:
	case NT_TYPE_PHONE:
		value.text = nt_codec_get_name(d);
		break;
	case NT_TYPE_NUMBER:
		value.number = nt_wire_get_signed(&d->r);
		break;
	case NT_TYPE_YES_NO:
		value.yes = nt_wire_get(&d->r) != 0;
		break;
	case NT_TYPE_DATE:
		value.date = nt_wire_get_signed(&d->r);
		if (value.date < NT_TIME_MIN / NT_DAY || value.date > NT_TIME_MAX / NT_DAY)
			d->r.bad = true;
		break;
	case NT_TYPE_TIME:
		value.time = nt_wire_get_time(&d->r);
		break;
	case NT_TYPE_DURATION:
		value.duration.months = nt_codec_get_int32(d);
		value.duration.days = nt_codec_get_int32(d);
		value.duration.ms = nt_wire_get_signed(&d->r);
		break;
	case NT_TYPE_LIST:
		get_list(d, &value);
		break;
	default:
		d->r.bad = true;
		value.type = NT_TYPE_NONE;
	}
	return value;
}

/* Expressions rely on declared types; a value from before a declaration changed is missing now. */
static void check_type(struct nt_value *value, enum nt_type type)
{
	if (value->type == type || value->type == NT_TYPE_NONE)
		return;
	if (nt_type_is_text(value->type) && nt_type_is_text(type))
		value->type = type;
	else
		*value = NT_NONE;
}

void nt_codec_check_property(const struct nt_program *program, int event, const char *name, struct nt_value *value)
{
	const struct nt_event_type *type = &program->events[event];
	int property = nt_program_property(type, name);

	if (property >= 0)
		check_type(value, type->properties[property].type);
}

/* `event`: the name of the event that they came with. */
const struct nt_property_value *nt_codec_get_properties(struct nt_decoder *d, const char *event, unsigned *n)
{
	int type = event != NULL ? nt_program_event(d->program, event) : -1;
	struct nt_property_value *properties;
	unsigned i;

	*n = nt_wire_get_count(&d->r, 2);
	properties = nt_arena_array(d->arena, struct nt_property_value, *n);
	for (i = 0; i < *n; i++) {
		properties[i].name = nt_codec_get_name(d);
		properties[i].value = nt_codec_get_value(d);
		if (type >= 0 && !d->r.bad)
			nt_codec_check_property(d->program, type, properties[i].name, &properties[i].value);
	}
	return properties;
}

void nt_codec_get_ring(struct nt_decoder *d, struct nt_ring_state *ring)
{
	unsigned i, n = nt_wire_get_count(&d->r, 3);
	nt_time last = 0;

	ring->entries = nt_arena_array(d->arena, struct nt_ring_entry, n);
	ring->n = ring->room = n;
	for (i = 0; i < n; i++) {
		struct nt_ring_entry *entry = &ring->entries[i];
		int64_t delta = nt_wire_get_signed(&d->r);

		if (__builtin_add_overflow(last, delta, &entry->at) || entry->at < NT_TIME_MIN ||
		    entry->at > NT_TIME_MAX || (i > 0 && delta < 0)) {
			d->r.bad = true;
			entry->at = last;
		}
		entry->n = nt_wire_get(&d->r);
		entry->sum = nt_wire_get_signed(&d->r);
		last = entry->at;
	}
}
