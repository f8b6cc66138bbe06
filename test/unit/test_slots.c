/* The slot file, as a process finds it that starts after another was killed. */
#include "channel/slots.h"

#include "engine/engine.h"

#include "unit.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEADER 512
#define BOOT_AT 32

struct place {
	char *folder, *path, *left;
};

static int setup(void **state)
{
	struct place *p = g_new0(struct place, 1);

	p->folder = g_dir_make_tmp("nt-slots-XXXXXX", NULL);
	p->path = g_build_filename(p->folder, "slots", NULL);
	p->left = g_strconcat(p->path, ".left", NULL);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	g_remove(p->path);
	g_remove(p->left);
	g_rmdir(p->folder);
	g_free(p->folder);
	g_free(p->path);
	g_free(p->left);
	g_free(p);
	return 0;
}

static struct nt_slots *open_here(const struct place *p, unsigned n)
{
	char *why = NULL;
	struct nt_slots *slots = nt_slots_open(p->path, n, &why);

	if (slots == NULL)
		fail_msg("%s", why);
	return slots;
}

/* Another process takes three slots, gets so far with each, and is killed. */
static void die_at_work(const struct place *p)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct nt_slots *slots = open_here(p, 8);
		int sending, answered;

		nt_slots_take(slots, "claimed");
		sending = nt_slots_take(slots, "sending");
		answered = nt_slots_take(slots, "answered");
		nt_slots_release(slots, nt_slots_take(slots, "released"));
		nt_slots_stage(slots, sending, NT_SLOT_SENDING);
		nt_slots_stage(slots, answered, NT_SLOT_SENDING);
		nt_slots_answer(slots, answered, NT_SEND_REFUSED, true, "550 no such user", "id-7");
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void tells_how_far_each_had_got(void **state)
{
	struct place *p = *state;
	struct nt_slots *slots;
	const struct nt_slot *slot;

	die_at_work(p);
	slots = open_here(p, 8);
	assert_true(nt_slots_same_boot(slots));
	assert_int_equal(nt_slots_find_left(slots, "claimed")->stage, NT_SLOT_CLAIMED);
	assert_int_equal(nt_slots_find_left(slots, "sending")->stage, NT_SLOT_SENDING);
	slot = nt_slots_find_left(slots, "answered");
	assert_int_equal(slot->stage, NT_SLOT_ANSWERED);
	assert_int_equal(slot->result, NT_SEND_REFUSED);
	assert_true(slot->hard);
	assert_string_equal(slot->detail, "550 no such user");
	assert_string_equal(slot->remote_id, "id-7");
	assert_null(nt_slots_find_left(slots, "released"));
	assert_null(nt_slots_find_left(slots, "never"));
	nt_slots_free(slots);
}

static void what_was_left_stays_until_it_is_settled(void **state)
{
	struct place *p = *state;
	struct nt_slots *slots;

	die_at_work(p);
	nt_slots_free(open_here(p, 8)); /* dies before it has settled anything */
	slots = open_here(p, 4);
	assert_non_null(nt_slots_find_left(slots, "sending"));
	nt_slots_settled(slots);
	assert_null(nt_slots_find_left(slots, "sending"));
	assert_int_not_equal(access(p->left, F_OK), 0);
	nt_slots_take(slots, "next");
	nt_slots_free(slots);
	slots = open_here(p, 8);
	assert_null(nt_slots_find_left(slots, "sending"));
	assert_non_null(nt_slots_find_left(slots, "next"));
	nt_slots_settled(slots);
	nt_slots_free(slots);
}

static void write_at(const char *path, off_t at, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), (ssize_t)n);
	close(fd);
}

static void another_boot_is_noticed(void **state)
{
	struct place *p = *state;
	struct nt_slots *slots;

	die_at_work(p);
	write_at(p->path, BOOT_AT, "another", 8);
	slots = open_here(p, 8);
	assert_false(nt_slots_same_boot(slots));
	assert_int_equal(nt_slots_find_left(slots, "answered")->stage, NT_SLOT_ANSWERED);
	nt_slots_free(slots);
}

/* Whatever stands there: no crash, no belief in another run of the machine, nothing found. */
static void files_that_are_none_say_nothing(void **state)
{
	struct place *p = *state;

	for (unsigned i = 0; i < 5; i++) {
		static const char *const texts[] = { "", "x", "nurtured slots 1", "nurtured slots 2" };
		struct nt_slots *slots;

		if (i < 4) {
			assert_true(g_file_set_contents(p->path, texts[i], -1, NULL));
		} else {
			die_at_work(p);
			assert_int_equal(truncate(p->path, HEADER + 100), 0);
		}
		slots = open_here(p, 8);
		assert_false(nt_slots_same_boot(slots));
		assert_null(nt_slots_find_left(slots, "claimed"));
		nt_slots_settled(slots);
		nt_slots_free(slots);
		g_remove(p->path);
	}
}

static void damaged_notes_are_not_believed(void **state)
{
	struct place *p = *state;
	struct nt_slot slot = { .stage = NT_SLOT_ANSWERED, .result = 77 };
	unsigned char odd = 0xAA;
	struct nt_slots *slots;

	die_at_work(p);
	memset(slot.message, 'm', sizeof slot.message);
	write_at(p->path, HEADER, &slot, sizeof slot); /* no such result, no end of the name */
	slot = (struct nt_slot){
		.message = "odd", .stage = NT_SLOT_ANSWERED, .result = NT_SEND_ACCEPTED, .detail = "\xFF\xFE"
	};
	write_at(p->path, HEADER + (off_t)sizeof slot, &slot, sizeof slot);
	slot = (struct nt_slot){ .message = "bool", .stage = NT_SLOT_ANSWERED, .result = NT_SEND_ACCEPTED };
	write_at(p->path, HEADER + 2 * (off_t)sizeof slot, &slot, sizeof slot);
	write_at(p->path, HEADER + 2 * (off_t)sizeof slot + (off_t)offsetof(struct nt_slot, hard), &odd, 1);
	slot = (struct nt_slot){ .message = "stage", .stage = 99 };
	write_at(p->path, HEADER + 3 * (off_t)sizeof slot, &slot, sizeof slot);
	slots = open_here(p, 8);
	assert_int_equal(nt_slots_find_left(slots, "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm")->stage, NT_SLOT_SENDING);
	assert_int_equal(nt_slots_find_left(slots, "odd")->stage, NT_SLOT_SENDING);
	assert_int_equal(nt_slots_find_left(slots, "bool")->stage, NT_SLOT_ANSWERED);
	assert_false(nt_slots_find_left(slots, "bool")->hard);
	assert_null(nt_slots_find_left(slots, "stage"));
	nt_slots_free(slots);
}

static void full_is_full(void **state)
{
	struct nt_slots *slots = open_here(*state, 3);
	int taken[3];

	assert_int_equal(nt_slots_room(slots), 3);
	for (unsigned i = 0; i < 3; i++)
		taken[i] = nt_slots_take(slots, "m");
	assert_true(taken[0] != taken[1] && taken[1] != taken[2] && taken[0] != taken[2]);
	assert_int_equal(nt_slots_take(slots, "m"), -1);
	assert_int_equal(nt_slots_room(slots), 0);
	nt_slots_release(slots, taken[1]);
	assert_int_equal(nt_slots_take(slots, "m"), taken[1]);
	nt_slots_free(slots);
}

/* Cut where a character ends; the first answer counts. */
static void long_answers_are_cut(void **state)
{
	struct place *p = *state;
	struct nt_slots *slots = open_here(p, 1);
	int slot = nt_slots_take(slots, "long");
	char *detail = g_strnfill(198, 'x'), *longer = g_strconcat(detail, "ä und mehr", NULL);

	nt_slots_answer(slots, slot, NT_SEND_TEMPORARY, false, longer, NULL);
	nt_slots_answer(slots, slot, NT_SEND_ACCEPTED, true, "said later", "no");
	nt_slots_free(slots);
	slots = open_here(p, 1);
	assert_string_equal(nt_slots_find_left(slots, "long")->detail, detail);
	assert_int_equal(nt_slots_find_left(slots, "long")->result, NT_SEND_TEMPORARY);
	assert_string_equal(nt_slots_find_left(slots, "long")->remote_id, "");
	nt_slots_free(slots);
	g_free(longer);
	g_free(detail);
}

static void says_why_it_cannot_be(void **state)
{
	struct place *p = *state;
	char *path = g_build_filename(p->folder, "no", "such", "folder", NULL), *why = NULL, *expected;

	assert_null(nt_slots_open(path, 4, &why));
	expected = g_strdup_printf("%s: No such file or directory", path);
	assert_string_equal(why, expected);
	g_free(expected);
	g_free(why);
	g_free(path);
	nt_slots_free(NULL);
}

static void is_for_us_alone(void **state)
{
	struct place *p = *state;
	struct stat st;

	nt_slots_free(open_here(p, 1));
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_how_far_each_had_got, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_left_stays_until_it_is_settled, setup, teardown),
		cmocka_unit_test_setup_teardown(another_boot_is_noticed, setup, teardown),
		cmocka_unit_test_setup_teardown(files_that_are_none_say_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_notes_are_not_believed, setup, teardown),
		cmocka_unit_test_setup_teardown(full_is_full, setup, teardown),
		cmocka_unit_test_setup_teardown(long_answers_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(says_why_it_cannot_be, setup, teardown),
		cmocka_unit_test_setup_teardown(is_for_us_alone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
