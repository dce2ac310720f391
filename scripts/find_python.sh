# Prints "VERSION PATH" of the newest Python on PATH, such as "3.12 /usr/bin/python3.12";
# prints nothing where there is none.
#
# Every candidate is run, never trusted by its name: version managers leave a shim on PATH
# for each Python they know of, and those that are not switched on only fail.

candidates() {
    IFS=:
    for folder in $PATH; do
        for file in "$folder"/python3.[0-9] "$folder"/python3.[0-9][0-9] "$folder"/python3 "$folder"/python; do
            [ -x "$file" ] && echo "$file"
        done
    done
}

# Newest first; -s keeps PATH's order among equals.
candidates | while read -r python; do
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null </dev/null)
    case $version in
        [0-9].[0-9]*) echo "$version $python" ;;
    esac
done | sort -s -t . -k 1,1nr -k 2,2nr | head -n 1
