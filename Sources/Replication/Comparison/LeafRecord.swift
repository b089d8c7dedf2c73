import CouchDB

/// What is kept of one row of a feed to compare it: 28 bytes and the document's id.
///
/// The key stands for the id. The sum stands for the set of leaf revisions, in whatever order they were listed. Both are
/// made with a key that is random for each comparison, so that nobody can make two documents look alike.
struct LeafRecord: Hashable {
    var key: SipHash.Value
    var sum: UInt64

    /// The bytes before the id: both halves of the key, the sum, and the length of the id.
    static let headSize = 28

    init(key: SipHash.Value, sum: UInt64) {
        self.key = key
        self.sum = sum
    }

    /// Writes the record of a document behind what is in a buffer.
    static func append(_ document: DocumentLeaves, hash: SipHash, to buffers: inout [[UInt8]]) -> Int {
        var text = document.id.text
        var sum: UInt64 = 0
        for revision in document.revisions { sum &+= revision.hashed(hash) }
        return text.withUTF8 { id in
            let key = hash.hash(UnsafeRawBufferPointer(id))
            let partition = Int(key.high & UInt64(buffers.count - 1))
            withUnsafeTemporaryAllocation(byteCount: headSize, alignment: 8) { head in
                head.storeBytes(of: key.low.littleEndian, toByteOffset: 0, as: UInt64.self)
                head.storeBytes(of: key.high.littleEndian, toByteOffset: 8, as: UInt64.self)
                head.storeBytes(of: sum.littleEndian, toByteOffset: 16, as: UInt64.self)
                head.storeBytes(of: UInt32(id.count).littleEndian, toByteOffset: 24, as: UInt32.self)
                buffers[partition].append(contentsOf: head)
            }
            buffers[partition].append(contentsOf: id)
            return partition
        }
    }

    /// Reads the record at an offset, and tells where its id is.
    ///
    /// nil where the bytes end before the record does.
    static func read(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> (record: LeafRecord, id: Range<Int>)? {
        guard offset + headSize <= bytes.count else { return nil }
        func word(_ place: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + place, as: UInt64.self))
        }
        let count = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt32.self)))
        let id = offset + headSize..<offset + headSize + count
        guard id.upperBound <= bytes.count else { return nil }
        return (LeafRecord(key: SipHash.Value(low: word(0), high: word(8)), sum: word(16)), id)
    }
}

extension RevisionID {
    /// A keyed hash of the whole revision, generation and hash.
    @inline(__always)
    fileprivate func hashed(_ hash: SipHash) -> UInt64 {
        if let digest { return hash.hash(UInt64(generation), digest.high, digest.low) }
        var text = description
        return text.withUTF8 { hash.hash(UnsafeRawBufferPointer($0)).high }
    }
}
