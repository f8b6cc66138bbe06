#include "channel/channel.h"

#include "base/arena.h"
#include "base/bug.h"
#include "channel/sheet.h"
#include "channel/slots.h"
#include "os/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM 64

/* Files are synced, which blocks: a thread of its own does it. */
struct spool {
	struct nt_channel channel;
	struct nt_spool_settings settings;
	struct nt_channel_house house;
	struct nt_mailbox *work, *results;
	pthread_t thread;
	unsigned outstanding;
	bool ended;
	void (*drained)(void *user);
	void *drained_user;
};

struct result { /* delivery NULL: the thread has ended */
	struct nt_delivery *delivery;
	struct nt_delivery_outcome outcome;
};

static bool write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t written = write(fd, bytes, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes += written;
		n -= (size_t)written;
	}
	return true;
}

static bool sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static void make_folders(const char *path)
{
	static const char *const parts[] = { "tmp", "new" };

	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
		char *folder = g_build_filename(path, parts[i], NULL);

		g_mkdir_with_parents(folder, 0750); /* if it fails, writing does, and says why */
		g_free(folder);
	}
}

/* As in a Maildir: complete and on the disk under tmp/, then moved to new/ in one step. The name is the message's: a
 * second try replaces the first. */
static int put_file(const struct spool *spool, const struct nt_delivery *delivery, const GString *bytes)
{
	const char *id = delivery->row.message.id, *extension = nt_sheet_extension(delivery);
	char *folder = g_strdup_printf("%s/new", spool->settings.path);
	char *tmp = g_strdup_printf("%s/tmp/%s.%s", spool->settings.path, id, extension);
	char *final = g_strdup_printf("%s/%s.%s", folder, id, extension);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640), error = 0;

	if (fd < 0 || !write_all(fd, bytes->str, bytes->len) || fsync(fd) < 0)
		error = errno;
	if (fd >= 0 && close(fd) < 0 && error == 0)
		error = errno;
	if (error == 0 && (rename(tmp, final) < 0 || !sync_folder(folder)))
		error = errno;
	if (error != 0)
		unlink(tmp);
	g_free(folder);
	g_free(tmp);
	g_free(final);
	return error;
}

static void spool_one(struct spool *spool, struct nt_delivery *delivery, struct nt_delivery_outcome *outcome)
{
	GString *bytes = g_string_new(NULL);
	const char *why = NULL;
	int error;

	if (!nt_sheet_build(delivery, spool->house.links, bytes, &why)) {
		outcome->result = NT_SEND_REFUSED;
		outcome->detail = why;
	} else {
		error = put_file(spool, delivery, bytes);
		if (error == ENOENT || error == ENOTDIR) { /* somebody has tidied up */
			make_folders(spool->settings.path);
			error = put_file(spool, delivery, bytes);
		}
		outcome->result = error == 0 ? NT_SEND_ACCEPTED : NT_SEND_TEMPORARY;
		outcome->down = error != 0;
		outcome->detail = error == 0 ? "written"
		                             : nt_arena_printf(delivery->arena, "%s: %s", spool->settings.path,
		                                               g_strerror(error));
	}
	g_string_free(bytes, TRUE);
}

static void *work(void *user)
{
	struct spool *spool = user;

	while (!nt_mailbox_closed(spool->work) || nt_mailbox_length(spool->work) > 0) {
		struct nt_delivery *delivery = nt_mailbox_wait(spool->work, -1);
		struct result *result;

		if (delivery == NULL)
			continue;
		result = g_new0(struct result, 1);
		result->delivery = delivery;
		spool_one(spool, delivery, &result->outcome);
		nt_mailbox_send(spool->results, result);
	}
	nt_mailbox_send(spool->results, g_new0(struct result, 1));
	return NULL;
}

static void receive(void *user, void *item)
{
	struct spool *spool = user;
	struct result *result = item;

	if (result->delivery != NULL) {
		spool->outstanding--;
		spool->house.done(result->delivery, &result->outcome);
	} else {
		spool->ended = true;
		if (spool->drained != NULL)
			spool->drained(spool->drained_user);
	}
	g_free(result);
}

static unsigned room(const struct nt_channel *channel)
{
	const struct spool *spool = (const struct spool *)channel;

	return ROOM > spool->outstanding ? ROOM - spool->outstanding : 0;
}

static bool send_one(struct nt_channel *channel, struct nt_delivery *delivery)
{
	struct spool *spool = (struct spool *)channel;

	if (room(channel) == 0 || spool->drained != NULL)
		return false;
	spool->outstanding++;
	nt_mailbox_send(spool->work, delivery); /* the slot stays at CLAIMED: the same file again does no harm */
	return true;
}

static void drain(struct nt_channel *channel, void (*drained)(void *user), void *user)
{
	struct spool *spool = (struct spool *)channel;

	spool->drained = drained;
	spool->drained_user = user;
	nt_mailbox_close(spool->work);
}

static void spool_free(struct nt_channel *channel)
{
	struct spool *spool = (struct spool *)channel;

	nt_mailbox_close(spool->work);
	pthread_join(spool->thread, NULL);
	nt_mailbox_flush(spool->results);
	nt_mailbox_free(spool->results);
	nt_mailbox_free(spool->work);
	g_free(spool);
}

static const struct nt_channel_ops ops = {
	.type = "spool",
	.send = send_one,
	.room = room,
	.drain = drain,
	.free = spool_free,
};

struct nt_channel *nt_spool_channel_new(const char *name, const struct nt_spool_settings *settings,
                                        const struct nt_channel_house *house)
{
	struct spool *spool = g_new0(struct spool, 1);
	sigset_t all, before;

	make_folders(settings->path);
	spool->channel = (struct nt_channel){ .ops = &ops, .name = name };
	spool->settings = *settings;
	spool->house = *house;
	spool->work = nt_mailbox_new();
	spool->results = nt_mailbox_new_loop(house->loop, receive, spool);
	sigfillset(&all); /* signals are the loop thread's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&spool->thread, NULL, work, spool) != 0)
		NT_BUG("pthread_create failed");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return &spool->channel;
}
