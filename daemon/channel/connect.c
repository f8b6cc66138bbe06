#include "channel/connect.h"

#include "base/bug.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>

typedef int (*connect_function)(int, const struct sockaddr *, socklen_t);

static __thread int limit_ms;
static unsigned connected;

void nt_connect_limit(int ms)
{
	limit_ms = ms;
}

unsigned nt_connect_count(void)
{
	return __atomic_load_n(&connected, __ATOMIC_RELAXED);
}

static int connect_within(connect_function real, int fd, const struct sockaddr *address, socklen_t length, int ms)
{
	int flags = fcntl(fd, F_GETFL), error = 0, ready;
	socklen_t size = sizeof error;
	struct pollfd poller = { .fd = fd, .events = POLLOUT };

	if (flags < 0 || (flags & O_NONBLOCK) != 0)
		return real(fd, address, length);
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -1;
	if (real(fd, address, length) < 0 && errno != EINPROGRESS)
		error = errno;
	else if ((ready = poll(&poller, 1, ms)) <= 0)
		error = ready == 0 ? ETIMEDOUT : errno;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	fcntl(fd, F_SETFL, flags);
	errno = error;
	return error == 0 ? 0 : -1;
}

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
	static connect_function real;
	connect_function function = __atomic_load_n(&real, __ATOMIC_ACQUIRE);
	int type = 0, yes = 1;
	socklen_t size = sizeof type;

	if (function == NULL) {
		*(void **)&function = dlsym(RTLD_NEXT, "connect");
		NT_CHECK(function != NULL);
		__atomic_store_n(&real, function, __ATOMIC_RELEASE);
	}
	if ((address->sa_family == AF_INET || address->sa_family == AF_INET6) &&
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0)
		__atomic_add_fetch(&connected, 1, __ATOMIC_RELAXED);
	return limit_ms > 0 ? connect_within(function, fd, address, length, limit_ms) : function(fd, address, length);
}
