// A `bootstrap` without any runtime: makes one raw system call per event and answers its result.
//
// Event: a JSON string such as "mount s:none s:/tmp s:tmpfs 0 0". Words after the name are the arguments: numbers (any base),
// s:TEXT a string, o:PATH an open descriptor, z:N a zeroed buffer of 4 KiB whose first word is N. "i386 NUMBER …" enters by
// int 0x80, "x32 NUMBER …" sets the x32 bit, "number N …" calls any number. Answer: {"result": n} or {"errno": n}.
// With an argument it is no bootstrap: it takes one event a line from its standard input, and writes a list of the answers.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct call {
  const char* name;
  long number;
};
#define CALL(name) {#name, SYS_##name}
static const struct call calls[] = {
    CALL(getpid), CALL(mount), CALL(umount2), CALL(pivot_root), CALL(chroot), CALL(unshare), CALL(clone), CALL(clone3), CALL(setns),
    CALL(mknodat), CALL(ptrace), CALL(process_vm_readv), CALL(process_vm_writev), CALL(bpf), CALL(keyctl), CALL(add_key), CALL(request_key),
    CALL(userfaultfd), CALL(perf_event_open), CALL(init_module), CALL(finit_module), CALL(delete_module), CALL(kexec_load), CALL(reboot),
    CALL(swapon), CALL(swapoff), CALL(io_uring_setup), CALL(name_to_handle_at), CALL(open_by_handle_at), CALL(socket), CALL(ioctl),
    CALL(personality), CALL(settimeofday), CALL(clock_settime), CALL(adjtimex), CALL(sethostname), CALL(setdomainname), CALL(quotactl),
    CALL(acct), CALL(syslog), CALL(kcmp), CALL(pidfd_open), CALL(pidfd_getfd), CALL(fanotify_init), CALL(move_pages),
    CALL(migrate_pages), CALL(setuid), CALL(setgid), CALL(setgroups), CALL(setresuid), CALL(fsopen), CALL(open_tree), CALL(move_mount),
    CALL(vhangup), CALL(lookup_dcookie), CALL(fchownat), CALL(setpriority), CALL(sched_setscheduler), CALL(capset), CALL(prctl), CALL(kill), CALL(prlimit64),
    CALL(io_setup), CALL(seccomp), CALL(mmap), CALL(memfd_create), CALL(shmget), CALL(syncfs),
#ifdef SYS_mount_setattr
    CALL(mount_setattr),
#endif
#ifdef SYS_memfd_secret
    CALL(memfd_secret),
#endif
#ifdef __x86_64__
    CALL(iopl), CALL(ioperm), CALL(modify_ldt), CALL(mknod),
#endif
};

static char* low_memory;  // below 4 GiB, so that 32-bit calls can point to it
static size_t low_used;

static char* keep(const char* bytes, size_t size) {
  char* place = low_memory + low_used;
  low_used += (size + 15) & ~(size_t)15;
  if (low_used > 60000) exit(3);
  memcpy(place, bytes, size);
  return place;
}

static long argument(const char* word) {
  if (strncmp(word, "s:", 2) == 0) return (long)keep(word + 2, strlen(word + 2) + 1);
  if (strncmp(word, "o:", 2) == 0) {
    const int fd = open(word + 2, O_RDONLY);
    if (fd < 0) exit(4);  // the test's mistake: the error must be the call's own
    return fd;
  }
  if (strncmp(word, "z:", 2) == 0) {
    char zeros[4096] = {0};
    const uint64_t first = strtoull(word + 2, NULL, 0);
    memcpy(zeros, &first, sizeof first);
    return (long)keep(zeros, sizeof zeros);
  }
  return (long)strtoull(word, NULL, 0);
}

static long enter(const char* how, long number, const long* a) {
#ifdef __x86_64__
  if (strcmp(how, "i386") == 0) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4]) : "memory", "r8", "r9", "r10", "r11");
    return result;
  }
  if (strcmp(how, "x32") == 0) number |= 0x40000000;
#endif
  const long result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return result == -1 ? -errno : result;
}

static void perform(char* event, char* answer, size_t size) {
  low_used = 0;
  char* words[10];
  int count = 0;
  for (char* word = strtok(event, " \""); word != NULL && count < 10; word = strtok(NULL, " \"")) words[count++] = word;
  if (count == 0) exit(5);
  int first = 1;
  long number = -1;
  for (size_t i = 0; i < sizeof calls / sizeof *calls; ++i) {
    if (strcmp(calls[i].name, words[0]) == 0) number = calls[i].number;
  }
  if (number < 0) {  // i386, x32, number
    if (count < 2) exit(5);
    number = strtol(words[1], NULL, 0);
    first = 2;
  }
  long arguments[6] = {0};
  for (int i = first; i < count; ++i) arguments[i - first] = argument(words[i]);
  const pid_t self = getpid();
  const long result = enter(words[0], number, arguments);
  if (getpid() != self) _exit(0);  // a child that a clone made
  if (result < 0 && result > -4096) snprintf(answer, size, "{\"errno\":%ld}", -result);
  else snprintf(answer, size, "{\"result\":%ld}", result);
}

// The answer to one request; returns the length that was read. The connection is closed by us after each.
static size_t talk(const char* request, char* received, size_t size) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9001), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr*)&address, sizeof address) != 0) exit(6);
  if (write(fd, request, strlen(request)) < 0) exit(6);
  size_t length = 0;
  for (;;) {
    const ssize_t count = read(fd, received + length, size - 1 - length);
    if (count <= 0) break;
    length += (size_t)count;
  }
  received[length] = 0;
  close(fd);
  return length;
}

int main(int count, char** arguments) {
  (void)arguments;
  static char received[65536], request[8192], answer[256];
  low_memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS
#ifdef MAP_32BIT
                                                             | MAP_32BIT
#endif
                    , -1, 0);
  if (low_memory == MAP_FAILED) return 2;
  if (count > 1) {
    for (char mark = '['; fgets(request, sizeof request, stdin) != NULL; mark = ',') {
      request[strcspn(request, "\n")] = 0;
      perform(request, answer, sizeof answer);
      dprintf(1, "%c%s", mark, answer);
    }
    dprintf(1, "]");
    return 0;
  }
  for (;;) {
    talk("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", received, sizeof received);
    char id[128] = "";
    char* header = strcasestr(received, "Lambda-Runtime-Aws-Request-Id:");
    char* body = strstr(received, "\r\n\r\n");
    if (header == NULL || body == NULL || sscanf(header + 30, " %127[0-9a-f-]", id) != 1) return 7;
    perform(body + 4, answer, sizeof answer);
    snprintf(request, sizeof request,
             "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", id,
             strlen(answer), answer);
    talk(request, received, sizeof received);
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
  }
}
