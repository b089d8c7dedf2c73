import CouchDB
import Driver
import Foundation

/// Reads the input as a multipart body, as an answer with revisions and as one revision, whole and in two pieces.
@_cdecl("FuzzMultipart_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    FuzzDriver.run(count, arguments) { start, count in
        guard let input = FuzzInput(start, count) else { return 0 }
        precondition(parts([input.bytes[...]]) == parts(input.pieces), "the pieces change what is read")
        for type in ["multipart/mixed; boundary=o", "multipart/related; boundary=i"] {
            let whole = revisions([input.bytes[...]], type)
            precondition(whole == revisions(input.pieces, type), "the pieces change what is read")
        }
        _ = MediaType(header: String(decoding: input.bytes, as: UTF8.self))
        return 0
    }
}

/// The parts with their contents in one piece, or the code of the error.
private func parts(_ pieces: [ArraySlice<UInt8>]) -> Result<[MultipartEvent], CouchError> {
    Result { () throws(CouchError) in
        var reader = try MultipartReader(boundary: "o")
        var events: [MultipartEvent] = []
        for piece in pieces {
            reader.append(piece)
            while let event = try reader.next() {
                if case .bytes(let bytes) = event, case .bytes(let earlier) = events.last {
                    events[events.count - 1] = .bytes(earlier + bytes)
                } else {
                    events.append(event)
                }
            }
        }
        try reader.finish()
        return events
    }
}

private func revisions(_ pieces: [ArraySlice<UInt8>], _ type: String) -> Result<[RevisionsEvent], CouchError> {
    Result { () throws(CouchError) in
        var reader = try RevisionsReader(contentType: type, maximumDocumentSize: 1 << 10)
        var events: [RevisionsEvent] = []
        for piece in pieces {
            reader.append(piece)
            while let event = try reader.next() {
                if case .bytes(let bytes) = event, case .bytes(let earlier) = events.last {
                    events[events.count - 1] = .bytes(earlier + bytes)
                } else {
                    events.append(event)
                }
            }
        }
        try reader.finish()
        return events
    }
}
