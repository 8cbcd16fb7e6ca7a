/* A source of host names for the test of look-ups, "pmtest" in nsswitch.conf: it knows known.pmtest.example, and is never
 * done with stall.pmtest.example. */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <nss.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum nss_status _nss_pmtest_gethostbyname4_r(const char *name, struct gaih_addrtuple **found, char *buffer, size_t n,
	int *number, int *host_number, int32_t *ttl);

enum nss_status _nss_pmtest_gethostbyname4_r(const char *name, struct gaih_addrtuple **found, char *buffer, size_t n,
	int *number, int *host_number, int32_t *ttl)
{
	struct gaih_addrtuple *one = (struct gaih_addrtuple *)(void *)buffer;

	(void)ttl;
	while (strcmp(name, "stall.pmtest.example") == 0)
		pause();
	if (strcmp(name, "known.pmtest.example") != 0 || n < sizeof *one) {
		*number = ENOENT;
		*host_number = HOST_NOT_FOUND;
		return NSS_STATUS_NOTFOUND;
	}
	*one = (struct gaih_addrtuple){ .family = AF_INET, .addr = { htonl(INADDR_LOOPBACK) } };
	if (*found != NULL)
		**found = *one;
	else
		*found = one;
	return NSS_STATUS_SUCCESS;
}
