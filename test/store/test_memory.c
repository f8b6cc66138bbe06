#include "conformance.h"

#include "engine/memory.h"

#include <stddef.h>

static struct nt_store *open_memory(void *user)
{
	(void)user;
	return nt_memory_store_new();
}

int main(void)
{
	return nt_store_conformance("memory", open_memory, NULL);
}
