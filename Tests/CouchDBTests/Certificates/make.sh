#!/bin/sh
# Makes the certificates of the tests: an authority, and servers that it signed. They are worth nothing elsewhere.
set -eu
cd "$(dirname "$0")"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj "/CN=Couchkeep tests" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign \
    -keyout authority.key -out authority.pem
for name in localhost elsewhere; do
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout $name.key -out $name.csr
    printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\n' $name > $name.ext
    openssl x509 -req -in $name.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 36500 \
        -extfile $name.ext -out $name.pem
    rm $name.csr $name.ext
done
rm -f authority.key authority.srl
: > empty.pem
