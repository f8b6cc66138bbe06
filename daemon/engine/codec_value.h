/* What a lead's state is made of, as bytes and back: texts, values, properties, rings. Only the codec includes this. */
#ifndef NT_ENGINE_CODEC_VALUE_H
#define NT_ENGINE_CODEC_VALUE_H

#include "engine/state.h"
#include "engine/wire.h"

/* r.bad is set by whatever finds the bytes damaged; what is read after that means nothing. */
struct nt_decoder {
	struct nt_wire_reader r;
	struct nt_lead *lead;
	struct nt_arena *arena;
	const struct nt_program *program;
};

/* With an arm whose shares follow results go more; they stand above any number of arms. */
#define NT_CODEC_ARM_MARKED (1 << 20)
#define NT_CODEC_ARM_WON (1 << 21)

void nt_codec_put_value(GString *out, const struct nt_value *value);
void nt_codec_put_properties(GString *out, const struct nt_property_value *properties, unsigned n);
void nt_codec_put_ring(GString *out, const struct nt_ring_state *ring);

const char *nt_codec_get_name(struct nt_decoder *d); /* a text that must be there */
nt_time nt_codec_get_instant(struct nt_decoder *d);  /* when something happened: never NT_NEVER */
int32_t nt_codec_get_int32(struct nt_decoder *d);
uint32_t nt_codec_get_uint32(struct nt_decoder *d);
struct nt_value nt_codec_get_value(struct nt_decoder *d);
/* `event`: the name of the event that they came with, or NULL. */
const struct nt_property_value *nt_codec_get_properties(struct nt_decoder *d, const char *event, unsigned *n);
void nt_codec_get_ring(struct nt_decoder *d, struct nt_ring_state *ring);
/* Expressions rely on declared types: a value from before a declaration changed becomes a missing one. */
void nt_codec_check_property(const struct nt_program *program, int event, const char *name, struct nt_value *value);

#endif
