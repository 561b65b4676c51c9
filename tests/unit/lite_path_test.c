/* Where a SQLite file may lie. */
#include "tests/support/cmocka.h"

#include "common/io/db/driver.h"

/* Locks on these cannot be trusted; the signed field must not hide a magic number above 2^31. */
static void test_network_file_systems(void **state)
{
    (void)state;
    const long network[] = {0x6969, 0x517b, 0xff534d42, 0xfe534d42, (long)(int)0xff534d42, (long)(int)0xfe534d42};
    const long local[] = {0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0, -1};
    for (size_t i = 0; i < sizeof(network) / sizeof(network[0]); i++)
        assert_true(lite_is_network_type(network[i]));
    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
        assert_false(lite_is_network_type(local[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_network_file_systems)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
