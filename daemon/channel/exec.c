#include "channel/channel.h"

#include "base/arena.h"
#include "base/bug.h"
#include "channel/sheet.h"
#include "channel/slots.h"
#include "template/escape.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define OUTPUT_MOST 65536 /* what the program may say; more fails in its write */
#define DETAIL_MOST 180

struct exec {
	struct nt_channel channel;
	struct nt_exec_settings settings;
	struct nt_channel_house house;
	unsigned running;
	void (*drained)(void *user);
	void *drained_user;
};

/* One process and its message. */
struct job {
	struct exec *exec;
	struct nt_delivery *delivery;
	ev_child child;
	ev_timer limit;
	pid_t pid;
	int output;
	bool killed;
};

/* ---- what the process gets and gives: files in memory, so nothing has to be pumped ---- */

static int memory_file(const char *name, const char *bytes, size_t n)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	while (n > 0) {
		ssize_t written = write(fd, bytes, n);

		if (written <= 0) {
			close(fd);
			return -1;
		}
		bytes += written;
		n -= (size_t)written;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static int output_file(void)
{
	int fd = memory_file("output", "", 0);

	if (fd >= 0 &&
	    (ftruncate(fd, OUTPUT_MOST) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The first line that the program said. */
static const char *said(struct nt_arena *arena, int fd)
{
	char text[DETAIL_MOST + 1], *valid;
	const char *copy;
	GString *line;
	ssize_t n = pread(fd, text, DETAIL_MOST, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	valid = g_utf8_make_valid(text, -1); /* it may say anything, and is cut off somewhere */
	line = g_string_new(NULL);
	nt_escape(line, NT_ESCAPE_HEADER, valid, strlen(valid));
	copy = nt_arena_strdup(arena, line->str);
	g_string_free(line, TRUE);
	g_free(valid);
	return copy;
}

/* ---- outcomes ---- */

static void classify(const struct job *job, int status, struct nt_delivery_outcome *outcome)
{
	struct nt_arena *arena = job->delivery->arena;
	const char *text = said(arena, job->output);

	outcome->detail = text[0] != '\0' ? text : nt_arena_printf(arena, "exit status %d", WEXITSTATUS(status));
	if (!WIFEXITED(status)) {
		/* It may have done its work, or not. */
		outcome->result = NT_SEND_IN_DOUBT;
		outcome->detail = job->killed ? "took too long and was killed" : "ended by a signal";
	} else if (WEXITSTATUS(status) == 0) {
		outcome->result = NT_SEND_ACCEPTED;
	} else {
		outcome->result = WEXITSTATUS(status) == EX_TEMPFAIL ? NT_SEND_TEMPORARY : NT_SEND_REFUSED;
		outcome->hard = WEXITSTATUS(status) == EX_NOUSER;
	}
}

static void ended(struct ev_loop *loop, ev_child *child, int events)
{
	struct job *job = child->data;
	struct exec *exec = job->exec;
	struct nt_delivery_outcome outcome = { 0 };

	(void)events;
	ev_child_stop(loop, child);
	ev_timer_stop(loop, &job->limit);
	classify(job, child->rstatus, &outcome);
	close(job->output);
	exec->running--;
	exec->house.done(job->delivery, &outcome);
	g_free(job);
	if (exec->running == 0 && exec->drained != NULL)
		exec->drained(exec->drained_user);
}

static void too_long(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct job *job = timer->data;

	(void)loop;
	(void)events;
	job->killed = true;
	kill(-job->pid, SIGKILL); /* its whole group */
}

/* ---- starting ---- */

static int spawn(const struct exec *exec, int input, int output, pid_t *pid)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		    lang[] = "LC_ALL=C.UTF-8";
	char *environment[] = { path, lang, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	/* Libraries open sockets that would live on in it: a relay's connection, say. */
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	posix_spawnattr_init(&attributes);
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	error = posix_spawn(pid, exec->settings.argv[0], &actions, &attributes,
	                    (char *const *)(guintptr)exec->settings.argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static void start(struct exec *exec, struct nt_delivery *delivery, const GString *bytes)
{
	struct nt_delivery_outcome outcome = { .result = NT_SEND_TEMPORARY, .down = true };
	int input = memory_file("message", bytes->str, bytes->len), output = output_file(), error = ENOMEM;
	struct job *job;
	pid_t pid;

	if (input >= 0 && output >= 0) {
		if (delivery->slot >= 0)
			nt_slots_stage(exec->house.slots, delivery->slot, NT_SLOT_SENDING);
		error = spawn(exec, input, output, &pid);
	}
	if (input >= 0)
		close(input);
	if (error != 0) {
		if (output >= 0)
			close(output);
		outcome.detail = nt_arena_printf(delivery->arena, "%s: %s", exec->settings.argv[0], g_strerror(error));
		exec->house.done(delivery, &outcome);
		return;
	}
	job = g_new0(struct job, 1);
	job->exec = exec;
	job->delivery = delivery;
	job->pid = pid;
	job->output = output;
	ev_child_init(&job->child, ended, pid, 0);
	ev_timer_init(&job->limit, too_long, exec->settings.timeout_ms / 1000.0, 0.);
	job->child.data = job->limit.data = job;
	ev_child_start(exec->house.loop, &job->child);
	ev_timer_start(exec->house.loop, &job->limit);
	exec->running++;
}

static unsigned room(const struct nt_channel *channel)
{
	const struct exec *exec = (const struct exec *)channel;

	return exec->settings.processes > exec->running ? exec->settings.processes - exec->running : 0;
}

static bool send_one(struct nt_channel *channel, struct nt_delivery *delivery)
{
	struct exec *exec = (struct exec *)channel;
	struct nt_delivery_outcome outcome = { .result = NT_SEND_REFUSED };
	GString *bytes;

	if (room(channel) == 0 || exec->drained != NULL)
		return false;
	bytes = g_string_new(NULL);
	if (nt_sheet_build(delivery, exec->house.links, bytes, &outcome.detail))
		start(exec, delivery, bytes);
	else
		exec->house.done(delivery, &outcome);
	g_string_free(bytes, TRUE);
	return true;
}

static void drain(struct nt_channel *channel, void (*drained)(void *user), void *user)
{
	struct exec *exec = (struct exec *)channel;

	exec->drained = drained;
	exec->drained_user = user;
	if (exec->running == 0)
		drained(user);
}

static void exec_free(struct nt_channel *channel)
{
	g_free(channel);
}

static const struct nt_channel_ops ops = {
	.type = "exec",
	.send = send_one,
	.room = room,
	.drain = drain,
	.free = exec_free,
};

struct nt_channel *nt_exec_channel_new(const char *name, const struct nt_exec_settings *settings,
                                       const struct nt_channel_house *house)
{
	struct exec *exec = g_new0(struct exec, 1);

	exec->channel = (struct nt_channel){ .ops = &ops, .name = name };
	exec->settings = *settings;
	exec->house = *house;
	return &exec->channel;
}
