#include "channel/slots.h"

#include "base/bug.h"
#include "os/log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "nurtured slots 1"

struct header {
	char magic[32];
	char boot[64]; /* the machine's boot id */
	uint32_t n;
	char pad[512 - 32 - 64 - 4];
};

struct nt_slots {
	struct header *map;
	struct nt_slot *slots; /* in the map */
	size_t size;
	unsigned n;
	unsigned *free;        /* the numbers of those that nobody has: a stack */
	unsigned n_free;
	struct nt_slot *left;  /* copy of what the earlier process left */
	unsigned n_left;
	bool same_boot;
	char *left_path;
};

static void read_boot(char boot[64])
{
	char *text = NULL;

	memset(boot, 0, 64);
	if (g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
		g_strlcpy(boot, g_strchomp(text), 64);
	g_free(text);
}

/* A note as it stands in the file: `hard` there may be any byte, which no bool may be. */
static bool read_slot(int fd, unsigned i, struct nt_slot *slot)
{
	char bytes[sizeof *slot];
	unsigned char hard;

	if (pread(fd, bytes, sizeof bytes, (off_t)(sizeof(struct header) + i * sizeof bytes)) != (ssize_t)sizeof bytes)
		return false;
	hard = (unsigned char)bytes[offsetof(struct nt_slot, hard)];
	bytes[offsetof(struct nt_slot, hard)] = 0;
	memcpy(slot, bytes, sizeof *slot);
	slot->hard = hard == 1;
	slot->message[sizeof slot->message - 1] = slot->detail[sizeof slot->detail - 1] = '\0';
	slot->remote_id[sizeof slot->remote_id - 1] = '\0';
	/* An answer that can't be one is none: then all that is known is that the body was on its way. */
	if (slot->stage == NT_SLOT_ANSWERED &&
	    (slot->result < 0 || slot->result > NT_SLOT_RESULT_MOST || !g_utf8_validate(slot->detail, -1, NULL) ||
	     !g_utf8_validate(slot->remote_id, -1, NULL)))
		slot->stage = NT_SLOT_SENDING;
	return true;
}

/* What stands in the file was written by a process that may have died at any point: ends every text, trusts no number.
 */
static void keep_left(struct nt_slots *slots, int fd, const char *boot)
{
	struct header header;
	struct stat st;

	if (fstat(fd, &st) < 0 || pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header ||
	    memcmp(header.magic, MAGIC, sizeof MAGIC) != 0 || header.n > 100000 ||
	    (uint64_t)st.st_size < sizeof header + (uint64_t)header.n * sizeof(struct nt_slot))
		return;
	slots->same_boot = boot[0] != '\0' && strncmp(header.boot, boot, sizeof header.boot) == 0;
	slots->left = g_new0(struct nt_slot, header.n);
	for (unsigned i = 0; i < header.n; i++) {
		struct nt_slot *slot = &slots->left[slots->n_left];

		if (!read_slot(fd, i, slot))
			break;
		if (slot->stage > NT_SLOT_FREE && slot->stage <= NT_SLOT_ANSWERED)
			slots->n_left++;
	}
}

static bool map(struct nt_slots *slots, int fd, unsigned n)
{
	slots->n = n;
	slots->size = sizeof(struct header) + n * sizeof(struct nt_slot);
	/* Blocks are there before the first message: a full disk must not kill a write into the map (SIGBUS). */
	errno = posix_fallocate(fd, 0, (off_t)slots->size);
	if (errno != 0)
		return false;
	slots->map = mmap(NULL, slots->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (slots->map == MAP_FAILED) {
		slots->map = NULL;
		return false;
	}
	slots->slots = (struct nt_slot *)(slots->map + 1);
	slots->free = g_new(unsigned, n);
	while (slots->n_free < n) {
		slots->free[slots->n_free] = n - 1 - slots->n_free;
		slots->n_free++;
	}
	return true;
}

/* Kept until its messages are settled: a second crash on the way there must not lose it. While it is still there the
 * process in between can't have claimed anything, so its own file says nothing. */
static bool put_aside(const struct nt_slots *slots, const char *path)
{
	if (access(slots->left_path, F_OK) == 0)
		return true;
	return errno == ENOENT && (rename(path, slots->left_path) == 0 || errno == ENOENT); /* nothing there: the first
	                                                                                       start */
}

struct nt_slots *nt_slots_open(const char *path, unsigned n, char **why)
{
	struct nt_slots *slots = g_new0(struct nt_slots, 1);
	char boot[64];
	int fd;

	read_boot(boot);
	slots->left_path = g_strconcat(path, ".left", NULL);
	if (!put_aside(slots, path)) {
		*why = g_strdup_printf("%s: can't be kept as %s: %s", path, slots->left_path, g_strerror(errno));
		nt_slots_free(slots);
		return NULL;
	}
	fd = open(slots->left_path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		keep_left(slots, fd, boot);
		close(fd);
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_TRUNC, 0600);
	if (fd < 0 || !map(slots, fd, n)) {
		*why = g_strdup_printf("%s: %s", path, g_strerror(errno));
		if (fd >= 0)
			close(fd);
		nt_slots_free(slots);
		return NULL;
	}
	close(fd);
	memcpy(slots->map->magic, MAGIC, sizeof MAGIC);
	memcpy(slots->map->boot, boot, sizeof slots->map->boot);
	slots->map->n = n;
	return slots;
}

void nt_slots_free(struct nt_slots *slots)
{
	if (slots == NULL)
		return;
	if (slots->map != NULL)
		munmap(slots->map, slots->size);
	g_free(slots->free);
	g_free(slots->left);
	g_free(slots->left_path);
	g_free(slots);
}

int nt_slots_take(struct nt_slots *slots, const char *message)
{
	unsigned i;

	if (slots->n_free == 0)
		return -1;
	i = slots->free[--slots->n_free];
	g_strlcpy(slots->slots[i].message, message, sizeof slots->slots[i].message);
	nt_slots_stage(slots, (int)i, NT_SLOT_CLAIMED);
	return (int)i;
}

unsigned nt_slots_room(const struct nt_slots *slots)
{
	return slots->n_free;
}

void nt_slots_stage(struct nt_slots *slots, int slot, enum nt_slot_stage stage)
{
	NT_CHECK(slot >= 0 && (unsigned)slot < slots->n);
	/* The stage after what it speaks of, whatever moment the process dies at. */
	__atomic_store_n(&slots->slots[slot].stage, (int)stage, __ATOMIC_RELEASE);
}

/* Cut where a character ends. */
static void put_text(char *to, size_t room, const char *text)
{
	size_t length = text != NULL ? strlen(text) : 0;

	if (length >= room) {
		const char *cut = g_utf8_find_prev_char(text, text + room);

		length = cut != NULL ? (size_t)(cut - text) : 0;
	}
	memcpy(to, text != NULL ? text : "", length);
	to[length] = '\0';
}

void nt_slots_answer(struct nt_slots *slots, int slot, int result, bool hard, const char *detail, const char *remote_id)
{
	struct nt_slot *s;

	NT_CHECK(slot >= 0 && (unsigned)slot < slots->n);
	s = &slots->slots[slot];
	if (__atomic_load_n(&s->stage, __ATOMIC_ACQUIRE) == NT_SLOT_ANSWERED)
		return; /* by the worker, before the loop heard of it: rewriting it now would leave a moment of half an
		           answer */
	s->result = result;
	s->hard = hard;
	put_text(s->detail, sizeof s->detail, detail);
	put_text(s->remote_id, sizeof s->remote_id, remote_id);
	nt_slots_stage(slots, slot, NT_SLOT_ANSWERED);
}

void nt_slots_release(struct nt_slots *slots, int slot)
{
	nt_slots_stage(slots, slot, NT_SLOT_FREE);
	slots->free[slots->n_free++] = (unsigned)slot;
}

const struct nt_slot *nt_slots_find_left(const struct nt_slots *slots, const char *message)
{
	for (unsigned i = 0; i < slots->n_left; i++)
		if (strcmp(slots->left[i].message, message) == 0)
			return &slots->left[i];
	return NULL;
}

bool nt_slots_same_boot(const struct nt_slots *slots)
{
	return slots->same_boot;
}

void nt_slots_settled(struct nt_slots *slots)
{
	/* It must not speak for a later crash. Empty it says nothing, and what it doesn't speak of is in doubt then:
	 * safe. */
	if (unlink(slots->left_path) < 0 && errno != ENOENT && truncate(slots->left_path, 0) < 0)
		nt_log(NT_LOG_ERROR,
		       "what the last run left on the wire is settled, but its file can't be removed: remove it",
		       "path", slots->left_path, "why", g_strerror(errno), NULL);
	slots->n_left = 0;
}
