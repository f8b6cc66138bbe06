/* A loopback server for tests, a thread a connection: what it hears is kept, what it does is written down beforehand.
 * `talk` serves one connection and returns when it is to be closed. */
#ifndef NT_TEST_SINK_H
#define NT_TEST_SINK_H

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct sink {
	int fd;
	unsigned port;
	pthread_t thread;
	GPtrArray *threads; /* the accepting thread's */
	void (*talk)(struct sink *sink, int fd);
	pthread_mutex_t lock;
	GQueue script;      /* texts (owned): what to do next; guarded */
	GPtrArray *heard;   /* texts: whole requests, whole messages; guarded */
	unsigned connections; /* guarded */
};

struct sink_connection {
	struct sink *sink;
	int fd;
};

static inline void *sink_talk(void *user)
{
	struct sink_connection *connection = user;
	struct timeval limit = { .tv_sec = 10 };
	int yes = 1;

	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	connection->sink->talk(connection->sink, connection->fd);
	close(connection->fd);
	g_free(connection);
	return NULL;
}

static inline void *sink_accept(void *user)
{
	struct sink *sink = user;
	int fd;

	while ((fd = accept4(sink->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct sink_connection *connection = g_new0(struct sink_connection, 1);
		pthread_t *thread = g_new0(pthread_t, 1);

		pthread_mutex_lock(&sink->lock);
		sink->connections++;
		pthread_mutex_unlock(&sink->lock);
		connection->sink = sink;
		connection->fd = fd;
		g_ptr_array_add(sink->threads, thread);
		if (pthread_create(thread, NULL, sink_talk, connection) != 0)
			g_error("no thread");
	}
	return NULL;
}

static inline struct sink *sink_start(void (*talk)(struct sink *sink, int fd))
{
	struct sink *sink = g_new0(struct sink, 1);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;

	sink->talk = talk;
	sink->threads = g_ptr_array_new_with_free_func(g_free);
	sink->heard = g_ptr_array_new_with_free_func(g_free);
	g_queue_init(&sink->script);
	pthread_mutex_init(&sink->lock, NULL);
	sink->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(sink->fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(sink->fd, 64) != 0 ||
	    getsockname(sink->fd, (struct sockaddr *)&address, &length) != 0)
		g_error("no port to listen on");
	sink->port = ntohs(address.sin_port);
	if (pthread_create(&sink->thread, NULL, sink_accept, sink) != 0)
		g_error("no thread");
	return sink;
}

static inline void sink_end(struct sink *sink)
{
	shutdown(sink->fd, SHUT_RDWR);
	pthread_join(sink->thread, NULL);
	close(sink->fd);
	for (guint i = 0; i < sink->threads->len; i++)
		pthread_join(*(pthread_t *)g_ptr_array_index(sink->threads, i), NULL);
	g_ptr_array_free(sink->threads, TRUE);
	g_ptr_array_free(sink->heard, TRUE);
	g_queue_clear_full(&sink->script, g_free);
	pthread_mutex_destroy(&sink->lock);
	g_free(sink);
}

static inline void sink_will(struct sink *sink, const char *what)
{
	pthread_mutex_lock(&sink->lock);
	g_queue_push_tail(&sink->script, g_strdup(what));
	pthread_mutex_unlock(&sink->lock);
}

/* What to do now (g_free), or a copy of `otherwise`. */
static inline char *sink_next(struct sink *sink, const char *otherwise)
{
	char *what;

	pthread_mutex_lock(&sink->lock);
	what = g_queue_pop_head(&sink->script);
	pthread_mutex_unlock(&sink->lock);
	return what != NULL ? what : g_strdup(otherwise);
}

/* Is this the next thing to do? Then it is done. */
static inline bool sink_was_told(struct sink *sink, const char *what)
{
	const char *next;
	bool told;

	pthread_mutex_lock(&sink->lock);
	next = g_queue_peek_head(&sink->script);
	told = next != NULL && strcmp(next, what) == 0;
	if (told)
		g_free(g_queue_pop_head(&sink->script));
	pthread_mutex_unlock(&sink->lock);
	return told;
}

static inline void sink_hear(struct sink *sink, const char *text, size_t length)
{
	pthread_mutex_lock(&sink->lock);
	g_ptr_array_add(sink->heard, g_strndup(text, length));
	pthread_mutex_unlock(&sink->lock);
}

static inline unsigned sink_count(struct sink *sink)
{
	unsigned n;

	pthread_mutex_lock(&sink->lock);
	n = sink->heard->len;
	pthread_mutex_unlock(&sink->lock);
	return n;
}

/* The nth thing heard; lives as long as the sink. */
static inline const char *sink_heard(struct sink *sink, unsigned n)
{
	const char *text;

	pthread_mutex_lock(&sink->lock);
	text = n < sink->heard->len ? g_ptr_array_index(sink->heard, n) : NULL;
	pthread_mutex_unlock(&sink->lock);
	return text;
}

static inline void sink_say(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t n = send(fd, text, length, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		text += n;
		length -= (size_t)n;
	}
}

/* Until the other side hangs up. */
static inline void sink_sulk(int fd)
{
	char rest[1024];

	while (recv(fd, rest, sizeof rest, 0) > 0)
		;
}

#endif
