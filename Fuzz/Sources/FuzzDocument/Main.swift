import CouchDB
import Driver
import Foundation

/// Reads the input as a document; what is accepted must be JSON to Foundation too.
@_cdecl("FuzzDocument_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    FuzzDriver.run(count, arguments) { start, count in
        guard let input = FuzzInput(start, count) else { return 0 }
        let data = Data(input.bytes)
        do {
            let members = try DocumentMembers(of: data)
            if let range = members.attachmentsRange {
                precondition(
                    data[range.lowerBound] == UInt8(ascii: "{"), "the attachments are not where they are said to be")
                precondition(data[range.upperBound - 1] == UInt8(ascii: "}"), "the attachments end somewhere else")
            }
            if let path = try? members.revisionPath() { precondition(path.leaf.generation >= 0) }
            // Foundation refuses deep nesting, numbers beyond Double and half of a surrogate pair, which are JSON.
            let text = String(decoding: input.bytes, as: UTF8.self)
            let isOrdinary = !text.contains(/[eE][+-]?\d{3,}|\d{300,}|\\u[dD][89a-fA-F]/) && count < 400
            if isOrdinary { _ = try JSONSerialization.jsonObject(with: data) }
        } catch is CouchError {
            return 0
        } catch {
            fatalError("accepted what Foundation refuses: \(error)")
        }
        return 0
    }
}
