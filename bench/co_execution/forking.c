/*
 * The hypervisor in C as a tree of processes: the line "push" forks it, and the child goes on; the line "pop" ends that child, and
 * the parent goes on as it was. So whoever walks a graph need not go each way from its beginning.
 */
#define main adapter_main
#include "adapter.c"
#undef main

#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static char line[LONGEST + 1];
    struct request r;

    if (argc != 1 && !(argc == 3 && strcmp(argv[1], "--fault") == 0 && fault_plant(argv[2])))
        return 2;
    vnic_reset(0, &CLAIMED);
    while (read_line(line)) {
        if (strcmp(line, "push") == 0) {
            pid_t child = fork();

            if (child > 0) {
                int status;

                if (waitpid(child, &status, 0) != child || status != 0)
                    return 3;
                puts("popped");
            } else if (child == 0) {
                puts("pushed");
            } else {
                return 4;
            }
            fflush(stdout);
        } else if (strcmp(line, "pop") == 0) {
            return 0;
        } else if (json_read(line, &r) != NULL || !serve(&r)) {
            return 5;
        }
    }
    return 0;
}
