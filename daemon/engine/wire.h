/* Bytes of a lead's state: primitives that codec_encode.c and codec_decode.c share.
 *
 * Numbers are little-endian base-128 (signed ones zigzag), texts are length + 1 (0: none), bytes and a NUL, so that a
 * decoded text can point into the blob's copy. The reader never reads beyond its end: after damage it yields zeros
 * and `bad` is set. */
#ifndef NT_ENGINE_WIRE_H
#define NT_ENGINE_WIRE_H

#include "base/time.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* "NTL", version, 64 hex digits of the program, checksum of program and body, body. */
#define NT_WIRE_MAGIC "NTL"
#define NT_WIRE_HASH 4
#define NT_WIRE_SUM (NT_WIRE_HASH + 64)
#define NT_WIRE_BODY (NT_WIRE_SUM + 8)

/* Against damage, not against malice: 64-bit words, multiplied and folded. */
static inline uint64_t nt_wire_sum(const unsigned char *bytes, size_t length, uint64_t sum)
{
	uint64_t word;

	sum ^= length * UINT64_C(0x9e3779b97f4a7c15);
	for (; length >= sizeof word; bytes += sizeof word, length -= sizeof word) {
		memcpy(&word, bytes, sizeof word);
		sum = (sum ^ GUINT64_FROM_LE(word)) * UINT64_C(0xff51afd7ed558ccd);
		sum ^= sum >> 29;
	}
	for (; length > 0; bytes++, length--)
		sum = (sum ^ *bytes) * UINT64_C(0x100000001b3);
	return sum ^ sum >> 32;
}

/* The checksum of a whole blob. From version 3 on the version counts too: an older one is read otherwise. */
static inline uint64_t nt_wire_frame_sum(const unsigned char *bytes, size_t length)
{
	uint64_t sum = nt_wire_sum(bytes + NT_WIRE_HASH, 64, bytes[3] >= 3 ? bytes[3] : 0);

	return GUINT64_TO_LE(nt_wire_sum(bytes + NT_WIRE_BODY, length - NT_WIRE_BODY, sum));
}

/* The writer puts bytes right into the GString's room, a call for each number would cost more than the number; whoever
 * encodes ends it with nt_wire_end(). */
static inline char *nt_wire_room(GString *out, gsize n)
{
	gsize length = out->len;

	if (out->allocated_len - length <= n) {
		g_string_set_size(out, length + n + length / 2 + 256);
		out->len = length;
	}
	return out->str + length;
}

static inline void nt_wire_end(GString *out)
{
	*nt_wire_room(out, 1) = '\0';
}

static inline void nt_wire_put(GString *out, uint64_t n)
{
	char *at = nt_wire_room(out, 10), *start = at;

	while (n >= 0x80) {
		*at++ = (char)(n | 0x80);
		n >>= 7;
	}
	*at++ = (char)n;
	out->len += (gsize)(at - start);
}

static inline uint64_t nt_wire_zigzag(int64_t n)
{
	return (uint64_t)n << 1 ^ (uint64_t)(n >> 63);
}

static inline void nt_wire_put_signed(GString *out, int64_t n)
{
	nt_wire_put(out, nt_wire_zigzag(n));
}

static inline void nt_wire_put_time(GString *out, nt_time t)
{
	if (t == NT_NO_TIME)
		nt_wire_put(out, 0);
	else if (t == NT_NEVER)
		nt_wire_put(out, 1);
	else
		nt_wire_put(out, nt_wire_zigzag(CLAMP(t, NT_TIME_MIN, NT_TIME_MAX)) + 2);
}

static inline void nt_wire_put_text(GString *out, const char *text)
{
	size_t length;

	if (text == NULL) {
		nt_wire_put(out, 0);
		return;
	}
	length = strlen(text);
	nt_wire_put(out, length + 1);
	memcpy(nt_wire_room(out, length + 1), text, length + 1);
	out->len += length + 1;
}

struct nt_wire_reader {
	const unsigned char *at, *end;
	bool bad;
};

static inline uint64_t nt_wire_get(struct nt_wire_reader *r)
{
	uint64_t n = 0;
	unsigned shift;

	for (shift = 0; shift < 64 && r->at < r->end; shift += 7) {
		unsigned char byte = *r->at++;

		n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return n;
	}
	r->bad = true;
	r->at = r->end;
	return 0;
}

static inline int64_t nt_wire_get_signed(struct nt_wire_reader *r)
{
	uint64_t n = nt_wire_get(r);

	return (int64_t)(n >> 1 ^ (0 - (n & 1)));
}

static inline nt_time nt_wire_get_time(struct nt_wire_reader *r)
{
	uint64_t n = nt_wire_get(r);
	nt_time t;

	if (n == 0)
		return NT_NO_TIME;
	if (n == 1)
		return NT_NEVER;
	n -= 2;
	t = (nt_time)(n >> 1 ^ (0 - (n & 1)));
	if (t < NT_TIME_MIN || t > NT_TIME_MAX) {
		r->bad = true;
		return NT_NO_TIME;
	}
	return t;
}

static inline const char *nt_wire_get_text(struct nt_wire_reader *r)
{
	uint64_t length = nt_wire_get(r);
	const char *text = (const char *)r->at;

	if (length == 0)
		return NULL;
	if (length > (uint64_t)(r->end - r->at) || memchr(text, '\0', length) != text + length - 1) {
		r->bad = true;
		r->at = r->end;
		return NULL;
	}
	r->at += length;
	return text;
}

/* A number of things that follow; each takes at least `least` bytes, which bounds what a damaged one can claim. */
static inline unsigned nt_wire_get_count(struct nt_wire_reader *r, unsigned least)
{
	uint64_t n = nt_wire_get(r);

	if (n > (uint64_t)(r->end - r->at) / least) {
		r->bad = true;
		r->at = r->end;
		return 0;
	}
	return (unsigned)n;
}

#endif
