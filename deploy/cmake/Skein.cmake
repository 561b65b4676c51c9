# What every target of the project shares: language, warnings, hardening, sanitizers, and the two
# helpers that the folders' CMakeLists.txt use.

include(CTest)
include(GNUInstallDirs)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

option(SKEIN_FUZZ "build the fuzzers with libFuzzer" OFF)
option(SKEIN_COVERAGE "instrument for gcov" OFF)
set(SKEIN_SANITIZE "" CACHE STRING "value of -fsanitize= (address,undefined or thread)")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# One interface target per library that pkg-config knows.
function(skein_pkg name module)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})
endfunction()
skein_pkg(ZMQ libzmq)
skein_pkg(PROTOBUFC libprotobuf-c)
skein_pkg(PQ libpq)
skein_pkg(SQLITE sqlite3)
skein_pkg(SODIUM libsodium)
skein_pkg(JANSSON jansson)
skein_pkg(INIH inih)
skein_pkg(SMARTCOLS smartcols)

add_library(skein_flags INTERFACE)
target_include_directories(skein_flags INTERFACE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR})
target_compile_definitions(skein_flags INTERFACE _GNU_SOURCE SKEIN_VERSION="${PROJECT_VERSION}")
target_compile_options(skein_flags INTERFACE
  -fstack-protector-strong -fstack-clash-protection
  $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection>
  $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
target_link_options(skein_flags INTERFACE -Wl,-z,relro,-z,now)
if(SKEIN_SANITIZE)
  target_compile_options(skein_flags INTERFACE -fsanitize=${SKEIN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(skein_flags INTERFACE -fsanitize=${SKEIN_SANITIZE})
endif()
if(SKEIN_COVERAGE)
  target_compile_options(skein_flags INTERFACE --coverage)
  target_link_options(skein_flags INTERFACE --coverage)
endif()
if(SKEIN_FUZZ)
  target_compile_options(skein_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

add_library(skein_warnings INTERFACE)
target_compile_options(skein_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wformat=2 -Wvla
  -Wnull-dereference -Wswitch-enum
  $<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init>
  # Cutting a text to its fixed field is what snprintf is called for.
  $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>
  # gcc's optimiser follows paths that do not exist: it cannot see that err_set() returns false.
  $<$<AND:$<C_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-maybe-uninitialized;-Wno-null-dereference>)

# cmocka's macros cast away qualifiers, which clang reports at their use.
add_library(skein_test_warnings INTERFACE)
target_link_libraries(skein_test_warnings INTERFACE skein_warnings)
target_compile_options(skein_test_warnings INTERFACE -Wno-cast-qual)

# skein_library(NAME SOURCES a.c b.c [LINK other ...]): the static library of one folder.
function(skein_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC skein_flags ${ARG_LINK} PRIVATE skein_warnings)
endfunction()

# skein_program(NAME SOURCES main.c [LINK other ...]): one of the programs that users run, in BUILD/bin.
function(skein_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE skein_flags skein_warnings ${ARG_LINK})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  install(TARGETS ${name})
endfunction()

# skein_embed(TARGET file.sql ...): every file becomes a constant `const char NAME[]` in
# `embed/TARGET.h`, where NAME is the file's path (without leading `../`) with other characters than letters and digits as `_`.
# CMake itself writes it, so that the build needs no other interpreter.
function(skein_embed target)
  set(header ${CMAKE_CURRENT_BINARY_DIR}/embed/${target}.h)
  set(text "#pragma once\n")
  foreach(file IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(REGEX REPLACE "^([.][.]/)+" "" name ${file})
    string(MAKE_C_IDENTIFIER ${name} name)
    string(APPEND text "static const char ${name}[] = {${bytes}0};\n")
  endforeach()
  file(CONFIGURE OUTPUT ${header} CONTENT "${text}" @ONLY)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
